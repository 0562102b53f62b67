// A picture of 8-bit red, green, blue and alpha as a network's input: brought to its size by an antialiased triangle
// filter, what is transparent over white, what lies beyond it black; then v · scale + offset, channel by channel.
//
//   pixels  [height, stride]   one pixel a word, red in the lowest byte, alpha in the highest; 0…255
//   x       [H, W, C]          the network's input; C = 3, or 1 for the luma (ITU-R BT.601)
//
// One workgroup computes 8×8 places of x. Source: Pillow's BILINEAR, as src/images/resample.ts has it.

struct Params {
  size: vec2<u32>,       // width and height of the picture
  resized: vec2<u32>,    // what it is resized to
  input: vec2<u32>,      // W and H
  region: vec2<i32>,     // left and top of the input within the resized picture
  stride: u32,
  channels: u32,
  scale: vec4<f32>,
  offset: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

const LUMA = vec3<f32>(0.299, 0.587, 0.114);

struct Taps {
  first: vec2<u32>,
  end: vec2<u32>,
  centre: vec2<f32>,
  support: vec2<f32>,
}

fn taps(place: vec2<i32>) -> Taps {
  let ratio = vec2<f32>(params.size) / vec2<f32>(params.resized);
  let support = max(vec2<f32>(1.0), ratio);
  let centre = (vec2<f32>(place) + 0.5) * ratio;
  let first = max(vec2<f32>(0.0), floor(centre - support + 0.5));
  let end = min(vec2<f32>(params.size), floor(centre + support + 0.5));
  return Taps(vec2<u32>(first), vec2<u32>(end), centre, support);
}

// 0…255 over white, as the nearest whole number.
fn color(word: u32) -> vec3<f32> {
  let rgba = unpack4x8unorm(word) * 255.0;
  return round(mix(vec3<f32>(255.0), rgba.rgb, rgba.a / 255.0));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (any(id.xy >= params.input)) {
    return;
  }
  let place = params.region + vec2<i32>(id.xy);
  var sum = vec3<f32>();
  if (all(place >= vec2<i32>(0)) && all(place < vec2<i32>(params.resized))) {
    let t = taps(place);
    var total = 0.0;
    for (var row = t.first.y; row < t.end.y; row++) {
      let down = max(0.0, 1.0 - abs(f32(row) + 0.5 - t.centre.y) / t.support.y);
      for (var column = t.first.x; column < t.end.x; column++) {
        let across = max(0.0, 1.0 - abs(f32(column) + 0.5 - t.centre.x) / t.support.x);
        let weight = across * down;
        sum += weight * color(pixels[row * params.stride + column]);
        total += weight;
      }
    }
    sum /= total;
  }
  let at = (id.y * params.input.x + id.x) * params.channels;
  if (params.channels == 1u) {
    x[at] = dot(sum, LUMA) * params.scale.x + params.offset.x;
    return;
  }
  for (var c = 0u; c < 3u; c++) {
    x[at + c] = sum[c] * params.scale[c] + params.offset[c];
  }
}

// Gradient of enlarging an image: dx = Σ dy·share, over the pixels of y that a pixel of x reached.
//
//   dy  [N, image·factor, channels]
//   dx  [N, image, channels]
//
// Gathers, so it needs no atomics. One workgroup computes 256 consecutive elements of dx.

struct Params {
  image: vec2<u32>,  // height, width of x
  factor: vec2<u32>, // vertical, horizontal
  channels: u32,
  size: u32,         // elements of dx
  accumulate: u32,   // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

override BILINEAR: bool = false;
override CENTRE: f32 = 0.5; // of a pixel; 0 where it is taken for its corner

// How much of row or column `origin` of x is in row or column `to` of y.
fn share(to: u32, origin: u32, factor: u32, length: u32) -> f32 {
  if (!BILINEAR) {
    return 1.0;
  }
  let centre = (f32(to) + CENTRE) / f32(factor) - CENTRE;
  return max(0.0, 1.0 - abs(clamp(centre, 0.0, f32(length - 1u)) - f32(origin)));
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let channel = i % params.channels;
  let pixel = i / params.channels;
  let output = params.image * params.factor;
  let row = pixel / params.image.y;
  let base = row / params.image.x * output.x;
  let here = vec2<u32>(row % params.image.x, pixel % params.image.y);

  var first = here * params.factor;
  var end = first + params.factor;
  if (BILINEAR) {
    first -= min(first, params.factor);
    end = min(end + params.factor, output);
  }
  var sum = 0.0;
  for (var v = first.x; v < end.x; v++) {
    let vertical = share(v, here.x, params.factor.x, params.image.x);
    for (var u = first.y; u < end.y; u++) {
      let horizontal = share(u, here.y, params.factor.y, params.image.y);
      sum += vertical * horizontal * dy[((base + v) * output.y + u) * params.channels + channel];
    }
  }
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

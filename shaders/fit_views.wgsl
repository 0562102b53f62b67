// Views of images as a network takes them: y = scale · x + offset, x brought to y's size, bilinear between pixels' centres; beyond
// the outermost centres the border goes on.
//
//   x  [images, h, w, C]        image ⌊n / views⌋ gives view n
//   y  [images·views, H, W, C]
//
// One workgroup computes 64 consecutive pixels of y.

struct Params {
  image: vec2<u32>, // h, w
  view: vec2<u32>,   // H, W
  channels: u32,
  views: u32,
  pixels: u32, // of y
  scale: vec4<f32>,
  offset: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// Whether x has the size of y.
override SAME_SIZE = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.pixels) {
    return;
  }
  let channels = params.channels;
  if (SAME_SIZE) {
    let size = params.image.x * params.image.y;
    let source = i / (size * params.views) * size + i % size;
    for (var c = 0u; c < channels; c++) {
      y[i * channels + c] = params.scale[c % 4u] * x[source * channels + c] + params.offset[c % 4u];
    }
    return;
  }
  let line = i / params.view.y;
  let n = line / params.view.x / params.views;
  let last = vec2<f32>(params.image - 1u);
  let at = vec2<f32>(vec2(line % params.view.x, i % params.view.y)) + 0.5;
  let place = clamp(at * vec2<f32>(params.image) / vec2<f32>(params.view) - 0.5, vec2(0.0), last);
  let low = vec2<u32>(floor(place));
  let high = min(low + 1u, params.image - 1u);
  let part = place - floor(place);
  let first = n * params.image.x;
  let above = (first + low.x) * params.image.y;
  let below = (first + high.x) * params.image.y;
  for (var c = 0u; c < channels; c++) {
    let value = mix(
      mix(x[(above + low.y) * channels + c], x[(above + high.y) * channels + c], part.y),
      mix(x[(below + low.y) * channels + c], x[(below + high.y) * channels + c], part.y),
      part.x,
    );
    y[i * channels + c] = params.scale[c % 4u] * value + params.offset[c % 4u];
  }
}

// y = x enlarged by whole factors: the nearest pixel, or a bilinear blend of the four around it.
//
//   x  [N, image, channels]
//   y  [N, image·factor, channels]
//
// Pixel i is taken from (i + CENTRE) / factor − CENTRE, clamped at the border.
// One workgroup computes 256 consecutive elements of y.

struct Params {
  image: vec2<u32>,  // height, width of x
  factor: vec2<u32>, // vertical, horizontal
  channels: u32,
  size: u32,         // elements of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override BILINEAR: bool = false;
override CENTRE: f32 = 0.5; // of a pixel; 0 where it is taken for its corner

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
  let row = pixel / output.y;
  let base = row / output.x * params.image.x;
  let here = vec2<u32>(row % output.x, pixel % output.y);
  if (!BILINEAR) {
    let origin = here / params.factor;
    y[i] = x[((base + origin.x) * params.image.y + origin.y) * params.channels + channel];
    return;
  }
  let n = neighbours((vec2<f32>(here) + CENTRE) / vec2<f32>(params.factor) - CENTRE, params.image - 1u);
  let above = (base + n.low.x) * params.image.y;
  let below = (base + n.high.x) * params.image.y;
  let top = mix(
    x[(above + n.low.y) * params.channels + channel],
    x[(above + n.high.y) * params.channels + channel],
    n.share.y,
  );
  let bottom = mix(
    x[(below + n.low.y) * params.channels + channel],
    x[(below + n.high.y) * params.channels + channel],
    n.share.y,
  );
  y[i] = mix(top, bottom, n.share.x);
}

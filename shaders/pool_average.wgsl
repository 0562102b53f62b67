// y = the mean of the pixels under a sliding window; padding does not count.
//
//   x  [N, image, channels]
//   y  [N, output, channels]
//
// One workgroup computes 256 consecutive elements of y.

struct Params {
  image: vec2<u32>,   // height, width of x
  output: vec2<u32>,  // height, width of y
  window: vec2<u32>,
  strides: vec2<u32>,
  before: vec2<u32>,  // padding above and to the left
  channels: u32,
  size: u32,          // elements of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
  let row = pixel / params.output.y;
  let image = row / params.output.x;
  let under = pixelsUnder(vec2<u32>(row % params.output.x, pixel % params.output.y));

  var sum = 0.0;
  for (var v = under.first.x; v < under.end.x; v++) {
    for (var u = under.first.y; u < under.end.y; u++) {
      let place = (image * params.image.x + v) * params.image.y + u;
      sum += x[place * params.channels + channel];
    }
  }
  let inside = under.end - under.first;
  y[i] = sum / f32(inside.x * inside.y);
}

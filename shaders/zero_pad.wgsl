// y = x with zeros around it; with a negative border, x cropped (which is the gradient).
//
//   x  [N, image, channels]
//   y  [N, output, channels]
//
// One workgroup computes 256 consecutive elements of y.

struct Params {
  image: vec2<u32>,  // height, width of x
  output: vec2<u32>, // height, width of y
  before: vec2<i32>, // rows above, columns to the left
  channels: u32,
  size: u32,         // elements of y
  accumulate: u32,   // 1: add to y
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
  let here = vec2<i32>(vec2<u32>(row % params.output.x, pixel % params.output.y)) - params.before;
  var value = 0.0;
  if (all(here >= vec2<i32>(0)) && all(here < vec2<i32>(params.image))) {
    let origin = vec2<u32>(here);
    value = x[((image * params.image.x + origin.x) * params.image.y + origin.y) * params.channels + channel];
  }
  if (params.accumulate == 1u) {
    value += y[i];
  }
  y[i] = value;
}

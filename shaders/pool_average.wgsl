// y = the mean of the pixels under a sliding window; padding is zero where it counts (COUNT_PADDING), or takes no part.
//
//   x  [N, inSize, channels]
//   y  [N, outSize, channels]
//
// One workgroup computes 256 consecutive elements of y.

struct Params {
  inSize: vec2<u32>,  // height, width of x
  outSize: vec2<u32>, // height, width of y
  window: vec2<u32>,
  strides: vec2<u32>,
  dilation: vec2<u32>,
  before: vec2<u32>,  // padding above and to the left
  after: vec2<u32>,   // padding below and to the right
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
  let row = pixel / params.outSize.y;
  let image = row / params.outSize.x;
  let window = vec2<u32>(row % params.outSize.x, pixel % params.outSize.y);
  let under = pixelsUnder(window);
  let step = tapStep();

  var sum = 0.0;
  for (var v = under.first.x; v < under.end.x; v += step.x) {
    for (var u = under.first.y; u < under.end.y; u += step.y) {
      let place = (image * params.inSize.x + v) * params.inSize.y + u;
      sum += x[place * params.channels + channel];
    }
  }
  y[i] = sum / cellsOf(window, under);
}

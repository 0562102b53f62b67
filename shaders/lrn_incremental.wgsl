// Local response normalisation across channels in the dirty rectangles of a layer (see lrn.wgsl).
//
//   x      [start + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]    rectangles; the last of each layout holds its number of items
//   y      [start + dirty, channels]    the clean layer, which stays, then its dirty rectangles, which are those of x
//
// One workgroup computes 64 consecutive elements of the dirty rectangles of y.

struct Params {
  start: u32, // elements of the clean layer
  count: u32, // which rectangle holds the number of items
  channels: u32,
  before: u32, // channels of a window before its own, and after
  after: u32,
  bias: f32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i / params.channels >= u32(rects[params.count].w)) {
    return;
  }
  let channel = i % params.channels;
  let base = params.start + i - channel;
  y[params.start + i] = x[params.start + i] * pow(params.bias + params.alpha * sumOfSquares(base, channel), -params.beta);
}

// Fills a batch with copies of one image in which one square of one channel is brighter or darker: y = x ± step on the
// square, x elsewhere. Central differences of what follows are ∂/∂x, averaged over the square.
//
//   x         [H, W, C]     the image, as the network takes it
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample means nothing
//
// Sample 2·k is brighter on square k, sample 2·k + 1 darker. Squares count row after row of [rows, columns, C]; those at the
// right and lower border may be cut. One workgroup computes 256 consecutive elements.

struct Params {
  size: vec2<u32>, // height, width
  channels: u32,
  columns: u32,    // ⌈width / side⌉
  side: u32,       // of a square, in pixels
  images: u32,     // N
  step: f32,       // in units of x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  let values = params.size.x * params.size.y * params.channels;
  if (i >= values * params.images) {
    return;
  }
  let element = i % values;
  let channel = element % params.channels;
  let pixel = element / params.channels;
  let place = vec2<u32>(pixel / params.size.y, pixel % params.size.y) / params.side;
  let square = (place.x * params.columns + place.y) * params.channels + channel;
  let sample = position[0] + i / values;
  let moved = select(-params.step, params.step, sample % 2u == 0u);
  y[i] = x[element] + select(0.0, moved, square == sample / 2u);
}

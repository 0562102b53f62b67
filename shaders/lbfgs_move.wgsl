// The move of a step of L-BFGS: x += length · d; where the last move is tried again, x goes back by what it is shorter.
//
//   d       [images, size]    the direction
//   found   [images, slices]  partial sums of its slope lᵀd
//   slopes  [images]          the slope, for the decision of the next step
//   state   [images]
//   x       [images, size]    parameters
//
// Where the slope does not fall, x stays. One workgroup computes 256 consecutive elements; the first of an image keeps the slope.

struct Params {
  images: u32,
  size: u32,
  slices: u32,
  blocks: u32, // workgroups of an image
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> found: array<f32>;
@group(0) @binding(3) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(4) var<storage, read> state: array<LbfgsState>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  let blocks = params.images * params.blocks;
  if (index >= blocks) {
    return;
  }
  let image = index / params.blocks;
  let place = index % params.blocks;
  let own = state[image];
  var slope = 0.0;
  for (var i = thread; i < params.slices; i += THREADS) {
    slope += found[image * params.slices + i];
  }
  slope = total(thread, slope);
  if (own.moves == 1u && thread == 0u && place == 0u) {
    slopes[image] = slope;
  }
  let k = place * 256u + thread;
  if (k >= params.size) {
    return;
  }
  let i = image * params.size + k;
  if (own.moves == 0u) {
    x[i] += (own.length - own.before) * d[i];
  } else if (slope <= 0.0) {
    x[i] += own.length * d[i];
  }
}

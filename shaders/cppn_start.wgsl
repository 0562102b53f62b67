// Weights that pattern-producing networks begin with: sd·ε, ε standard normal, cut off where |ε| would exceed what `inner` allows.
//
//   numbers     [N]     number of each image: the same number gives the same weights, whatever the batch
//   spread      [P, 2]  sd, and the share of the normal distribution's middle that is drawn from (1: all of it)
//   parameters  [N, P]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // P
  images: u32, // N
  seed: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numbers: array<u32>;
@group(0) @binding(2) var<storage, read> spread: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size * params.images) {
    return;
  }
  let element = i % params.size;
  let u = symmetric(drawn(params.seed, numbers[i / params.size], element));
  parameters[i] = spread[element].x * 1.41421356 * inverseErf(u * spread[element].y);
}

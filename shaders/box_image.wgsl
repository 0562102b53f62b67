// Pictures within the box 0 to 1, whatever the parameters: x = (tanh(w) + 1)/2 (Carlini & Wagner 2017, arXiv:1608.04644).
//
//   w  [size]  parameters
//   x  [size]  pixels
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size) {
    x[i] = 1.0 / (1.0 + exp(-2.0 * clamp(w[i], -20.0, 20.0)));
  }
}

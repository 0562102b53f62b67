// Shrinks parameters towards 0: x *= rest.
//
//   x  [size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  rest: f32, // what is left of each
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

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
  x[i] *= params.rest;
}

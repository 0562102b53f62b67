// Copies values into another storage type: y = x, rounded to the nearest value that y can hold.
//
//   x  [size]
//   y  [size]
//
// One workgroup computes 256 consecutive values.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<From>;
@group(0) @binding(2) var<storage, read_write> y: array<To>;

alias From = f32; // or f16
alias To = f32;   // or f16

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 256u + thread;
  if (id < params.size) {
    y[id] = To(x[id]);
  }
}

// y = activation(x), element by element.
//
//   x  [size]  pre-activation
//   y  [size]  activation
//
// One workgroup computes 256 values of four elements each, or of one where the size is no multiple of four.

struct Params {
  size: u32,  // values
  alpha: f32, // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

alias Value = vec4<f32>; // or f32

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size) {
    y[i] = activateApart(x[i]);
  }
}

// y = activation(a ∘ b), where either may be repeated along axes of y (broadcast).
//
//   a  any shape that is repeated to y's; with ACCUMULATE what y holds stands for it, and a is unused
//   b  likewise
//   y  [size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  axes: array<vec4<u32>, 8>, // size, strides of y, a, b (blocks/repeated_axes.wgsl)
  size: u32,
  alpha: f32, // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks
override ACCUMULATE: bool = false;

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
  let at = placesOf(i, 0u, AXES);
  var left = 0.0;
  if (ACCUMULATE) {
    left = y[i];
  } else {
    left = a[at.y];
  }
  y[i] = activate(combined(left, b[at.z]));
}

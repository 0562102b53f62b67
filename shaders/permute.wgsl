// y = x with its axes in another order.
//
//   x  [size]
//   y  [size]
//
// One workgroup moves 256 consecutive values of y: four elements each, where the innermost axis stays and allows it.

struct Params {
  size: u32,       // values of y
  accumulate: u32, // 1: add to y
  sizes: vec4<u32>, // of y's axes
  moreSizes: vec4<u32>,
  strides: vec4<u32>, // values of x between neighbours along y's axes
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

alias Value = vec4<f32>; // or f32

override RANK: u32 = 8u;

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
  var value = x[permutedFrom(i)];
  if (params.accumulate == 1u) {
    value += y[i];
  }
  y[i] = value;
}

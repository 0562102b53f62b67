// Copies an array: what the memory can move at most, for kernels to be measured against.
//
// x: [count] chunks of four values. y: like x.
// One workgroup copies EACH · 256 neighbouring chunks, every thread EACH of them, 256 apart.

override EACH: u32 = 4;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.x + group.y * groups.x) * EACH * 256 + lane;
  for (var i = 0u; i < EACH; i++) {
    let index = first + i * 256;
    if (index < params.count) {
      y[index] = x[index];
    }
  }
}

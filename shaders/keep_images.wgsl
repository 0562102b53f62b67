// Keeps a copy of each image that is still numbers; of the others the last copy stays.
//
//   finite  [N]        1 where an image is to be kept
//   x       [N, size]  the images
//   kept    [N, size]
//
// One workgroup copies 256 consecutive elements.

struct Params {
  size: u32,
  images: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> finite: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size * params.images && finite[i / params.size] == 1u) {
    kept[i] = x[i];
  }
}

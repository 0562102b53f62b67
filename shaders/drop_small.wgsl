// Sets parameters, or all channels of pixels, to 0 whose magnitude is below that of a rank.
//
//   magnitudes  [images, size]
//   found       [images, 2]    bits of the magnitude of the rank, which rank_select.wgsl found, and what does not matter
//   x           [images, size, channels]
//
// One workgroup computes 256 consecutive elements of x.

struct Params {
  total: u32, // elements of x
  size: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> magnitudes: array<u32>;
@group(0) @binding(2) var<storage, read> found: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.total) {
    return;
  }
  let at = i / params.channels;
  if (magnitudes[at] < found[2u * (at / params.size)]) {
    x[i] = 0.0;
  }
}

// Begins the denoising of denoise_tv_wave.wgsl: takes the noisy images as they are, and starts from them.
//
//   x      [N, H, W, C]     images
//   f      [N, H, W, C]     the same
//   d      [N, H, W, C, 4]  zero
//   clock  [1]              zero
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> f: array<f32>;
@group(0) @binding(3) var<storage, read_write> d: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> clock: array<u32>;

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
  f[i] = x[i];
  d[i] = vec4f();
  if (i == 0u) {
    clock[0] = 0u;
  }
}

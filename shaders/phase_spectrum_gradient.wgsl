// Gradient of phase_spectrum.wgsl: dphase = magnitude·(cos(phase)·Im dy − sin(phase)·Re dy).
//
//   phase      [images, size]     radians
//   magnitude  [size]             the same for every image
//   dy         [images, size, 2]  gradient to real and imaginary parts
//   dphase     [images, size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  count: u32, // elements of phase
  size: u32,  // elements of an image
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> phase: array<f32>;
@group(0) @binding(2) var<storage, read> magnitude: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> dphase: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.count) {
    let turned = phasor(phase[i]);
    dphase[i] = magnitude[i % params.size] * dot(vec2(-turned.y, turned.x), dy[i]);
  }
}

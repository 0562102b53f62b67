// Spectra of fixed magnitude and given phase: y = magnitude·exp(i·phase).
//
//   phase      [images, size]     radians
//   magnitude  [size]             the same for every image
//   y          [images, size, 2]  real and imaginary parts
//
// One workgroup computes 256 consecutive elements.

struct Params {
  count: u32, // elements of phase
  size: u32,  // elements of an image
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> phase: array<f32>;
@group(0) @binding(2) var<storage, read> magnitude: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2<f32>>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.count) {
    y[i] = magnitude[i % params.size] * phasor(phase[i]);
  }
}

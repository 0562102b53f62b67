// Scales spectra frequency by frequency: y = x·scale.
//
//   x      [images, frequencies, depth]  spectra; depth: channels, real and imaginary parts
//   scale  [frequencies]
//   y      [images, frequencies, depth]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // elements of x
  frequencies: u32,
  depth: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size) {
    y[i] = x[i] * scale[i / params.depth % params.frequencies];
  }
}

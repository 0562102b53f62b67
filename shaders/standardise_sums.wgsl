// Sums of each slice of images that the gradient of standardise.wgsl needs.
//
//   y        [images, size]       standardised
//   dy       [images, size]       gradient to y
//   partial  [images, slices, 2]  Σ dy and Σ y·dy of a slice
//
// One workgroup computes one slice.

struct Params {
  size: u32,  // elements of an image
  slice: u32, // elements of a slice
}

const THREADS = 256u;
alias Value = vec2<f32>;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec2<f32>>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let count = elementsOfSlice(group.x);
  let first = group.y * params.size + group.x * params.slice;
  var sums = vec2(0.0);
  for (var i = thread; i < count; i += THREADS) {
    sums += dy[first + i] * vec2(1.0, y[first + i]);
  }
  sums = total(thread, sums);
  if (thread == 0u) {
    partial[group.y * slicesOfImage() + group.x] = sums;
  }
}

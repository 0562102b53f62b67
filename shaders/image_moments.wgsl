// Mean and sum of squared deviations of each slice of images.
//
//   x        [images, size]
//   partial  [images, slices, 2]  mean and Σ (x − mean)² of a slice
//
// One workgroup computes one slice: the mean first, then the deviations from it.

struct Params {
  size: u32,  // elements of an image
  slice: u32, // elements of a slice
}

const THREADS = 256u;
alias Value = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec2<f32>>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let count = elementsOfSlice(group.x);
  let first = group.y * params.size + group.x * params.slice;
  var sum = 0.0;
  for (var i = thread; i < count; i += THREADS) {
    sum += x[first + i];
  }
  let mean = total(thread, sum) / f32(count);
  var squares = 0.0;
  for (var i = thread; i < count; i += THREADS) {
    let deviation = x[first + i] - mean;
    squares += deviation * deviation;
  }
  squares = total(thread, squares);
  if (thread == 0u) {
    partial[group.y * slicesOfImage() + group.x] = vec2(mean, squares);
  }
}

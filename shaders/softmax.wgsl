// y = exp(x − max x) / Σ exp(x − max x), row by row; with LOG its logarithm.
//
//   x  [rows / inner, length, inner]
//   y  [rows / inner, length, inner]
//
// A row runs along the axis of `length`; `inner` of them lie side by side. One workgroup computes one row.

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 64u;

override LOG: bool = false;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  let base = row / params.inner * params.length * params.inner + row % params.inner;
  var peak = x[base];
  for (var j = thread; j < params.length; j += THREADS) {
    peak = max(peak, x[base + j * params.inner]);
  }
  peak = largest(thread, peak);
  var sum = 0.0;
  for (var j = thread; j < params.length; j += THREADS) {
    sum += exp(x[base + j * params.inner] - peak);
  }
  sum = total(thread, sum);
  for (var j = thread; j < params.length; j += THREADS) {
    let above = x[base + j * params.inner] - peak;
    if (LOG) {
      y[base + j * params.inner] = above - log(sum);
    } else {
      y[base + j * params.inner] = exp(above) / sum;
    }
  }
}

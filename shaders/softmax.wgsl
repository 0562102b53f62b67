// y = exp(x − max x) / Σ exp(x − max x), row by row.
//
//   x  [rows, length]
//   y  [rows, length]
//
// One workgroup computes one row.

struct Params {
  rows: u32,
  length: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 64u;

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
  let base = row * params.length;
  var peak = x[base];
  for (var j = thread; j < params.length; j += THREADS) {
    peak = max(peak, x[base + j]);
  }
  peak = largest(thread, peak);
  var sum = 0.0;
  for (var j = thread; j < params.length; j += THREADS) {
    sum += exp(x[base + j] - peak);
  }
  sum = total(thread, sum);
  for (var j = thread; j < params.length; j += THREADS) {
    y[base + j] = exp(x[base + j] - peak) / sum;
  }
}

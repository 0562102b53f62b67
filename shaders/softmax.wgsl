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

var<workgroup> values: array<f32, 64>;

// The largest of the threads' values, for every thread.
fn largest(thread: u32, value: f32) -> f32 {
  values[thread] = value;
  for (var stride = 32u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      values[thread] = max(values[thread], values[thread + stride]);
    }
  }
  workgroupBarrier();
  let result = values[0];
  workgroupBarrier();
  return result;
}

// The sum of the threads' values, for every thread.
fn total(thread: u32, value: f32) -> f32 {
  values[thread] = value;
  for (var stride = 32u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      values[thread] += values[thread + stride];
    }
  }
  workgroupBarrier();
  let result = values[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(64)
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
  for (var j = thread; j < params.length; j += 64u) {
    peak = max(peak, x[base + j]);
  }
  peak = largest(thread, peak);
  var sum = 0.0;
  for (var j = thread; j < params.length; j += 64u) {
    sum += exp(x[base + j] - peak);
  }
  sum = total(thread, sum);
  for (var j = thread; j < params.length; j += 64u) {
    y[base + j] = exp(x[base + j] - peak) / sum;
  }
}

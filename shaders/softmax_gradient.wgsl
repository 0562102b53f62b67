// Gradient of a softmax, row by row: dx = y·(dy − Σ dy·y); with LOG, of its logarithm: dx = dy − exp(y)·Σ dy.
//
//   y   [rows / inner, length, inner]
//   dy  [rows / inner, length, inner]
//   dx  [rows / inner, length, inner]
//
// A row runs along the axis of `length`; `inner` of them lie side by side. One workgroup computes one row.

struct Params {
  rows: u32,
  length: u32,
  inner: u32,
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  var dot = 0.0;
  for (var j = thread; j < params.length; j += THREADS) {
    let i = base + j * params.inner;
    if (LOG) {
      dot += dy[i];
    } else {
      dot += dy[i] * y[i];
    }
  }
  dot = total(thread, dot);
  for (var j = thread; j < params.length; j += THREADS) {
    let i = base + j * params.inner;
    var sum = y[i] * (dy[i] - dot);
    if (LOG) {
      sum = dy[i] - exp(y[i]) * dot;
    }
    if (params.accumulate == 1u) {
      sum += dx[i];
    }
    dx[i] = sum;
  }
}

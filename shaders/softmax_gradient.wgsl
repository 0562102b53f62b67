// Gradient of a softmax: dx = y·(dy − Σ dy·y), row by row.
//
//   y   [rows, length]
//   dy  [rows, length]
//   dx  [rows, length]
//
// One workgroup computes one row.

struct Params {
  rows: u32,
  length: u32,
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  var dot = 0.0;
  for (var j = thread; j < params.length; j += THREADS) {
    dot += dy[base + j] * y[base + j];
  }
  dot = total(thread, dot);
  for (var j = thread; j < params.length; j += THREADS) {
    var sum = y[base + j] * (dy[base + j] - dot);
    if (params.accumulate == 1u) {
      sum += dx[base + j];
    }
    dx[base + j] = sum;
  }
}

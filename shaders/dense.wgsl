// y = activation(x · w + b), a matrix product for few rows, limited by how fast w can be read.
//
//   x  [rows, stride]
//   w  [features, units]  weights of the features from `first` on; all of them, unless no binding holds so many
//   b  [units]            unused where BIAS is false
//   y  [rows, units]
//
// One workgroup computes ROWS rows of LANES chunks of units: SPLITS threads share the features of each chunk, and their
// sums are added in one order, whatever ROWS is: a row has the same bits alone and among others. Units go in chunks of four where their number allows.

struct Params {
  rows: u32,
  stride: u32,     // features of a row of x
  first: u32,      // the first of them that w has
  features: u32,   // how many w has
  chunks: u32,     // of units
  rowTiles: u32,   // workgroups along the rows
  alpha: f32,      // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
alias Value = Chunk; // of the shared blocks
const ROWS = 1u; // or 8
const LANES = 16u;
const SPLITS = 16u;
const TOGETHER = min(ROWS, 4u); // rows whose sums workgroup memory holds, 16 KiB of chunks

override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to the sums that y holds, before bias and activation

var<workgroup> partial: array<Chunk, TOGETHER * SPLITS * LANES>;

// Writes the outputs of a row of those whose sums are in workgroup memory.
fn writeRow(row: u32, chunk: u32, thread: vec2<u32>) {
  if (thread.y >= TOGETHER || row >= params.rows || chunk >= params.chunks) {
    return;
  }
  var z = Chunk();
  for (var s = 0u; s < SPLITS; s++) {
    z += partial[(thread.y * SPLITS + s) * LANES + thread.x];
  }
  let at = row * params.chunks + chunk;
  if (ACCUMULATE) {
    z += y[at];
  }
  if (BIAS) {
    z += b[chunk];
  }
  y[at] = activate(z);
}

@compute @workgroup_size(LANES, SPLITS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let row0 = (id % params.rowTiles) * ROWS;
  let chunk = (id / params.rowTiles) * LANES + thread.x;
  let column = min(chunk, params.chunks - 1u);

  let last = params.rows - 1u;
  let x0 = min(row0, last) * params.stride + params.first;
  let x1 = min(row0 + 1u, last) * params.stride + params.first;
  let x2 = min(row0 + 2u, last) * params.stride + params.first;
  let x3 = min(row0 + 3u, last) * params.stride + params.first;
  let x4 = min(row0 + 4u, last) * params.stride + params.first;
  let x5 = min(row0 + 5u, last) * params.stride + params.first;
  let x6 = min(row0 + 6u, last) * params.stride + params.first;
  let x7 = min(row0 + 7u, last) * params.stride + params.first;

  // Not an array, which simple compilers keep in memory where loops index it.
  var acc0 = Chunk();
  var acc1 = Chunk();
  var acc2 = Chunk();
  var acc3 = Chunk();
  var acc4 = Chunk();
  var acc5 = Chunk();
  var acc6 = Chunk();
  var acc7 = Chunk();
  for (var i = thread.y; i < params.features; i += SPLITS) {
    let weights = w[i * params.chunks + column];
    acc0 = fma(Chunk(x[x0 + i]), weights, acc0);
    if (ROWS > 1u) {
      acc1 = fma(Chunk(x[x1 + i]), weights, acc1);
      acc2 = fma(Chunk(x[x2 + i]), weights, acc2);
      acc3 = fma(Chunk(x[x3 + i]), weights, acc3);
      acc4 = fma(Chunk(x[x4 + i]), weights, acc4);
      acc5 = fma(Chunk(x[x5 + i]), weights, acc5);
      acc6 = fma(Chunk(x[x6 + i]), weights, acc6);
      acc7 = fma(Chunk(x[x7 + i]), weights, acc7);
    }
  }

  partial[index] = acc0;
  if (ROWS > 1u) {
    partial[SPLITS * LANES + index] = acc1;
    partial[2u * SPLITS * LANES + index] = acc2;
    partial[3u * SPLITS * LANES + index] = acc3;
  }
  workgroupBarrier();
  writeRow(row0 + thread.y, chunk, thread.xy);
  if (ROWS > 1u) {
    workgroupBarrier();
    partial[index] = acc4;
    partial[SPLITS * LANES + index] = acc5;
    partial[2u * SPLITS * LANES + index] = acc6;
    partial[3u * SPLITS * LANES + index] = acc7;
    workgroupBarrier();
    writeRow(row0 + 4u + thread.y, chunk, thread.xy);
  }
}

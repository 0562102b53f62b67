// y = x with rows and columns swapped, matrix by matrix.
//
//   x  [matrices, rows, columns]
//   y  [matrices, columns, rows]
//
// One workgroup moves a tile of 32 × 32 elements of one matrix through workgroup memory, so that neighbouring threads read
// and write neighbouring elements.

struct Params {
  rows: u32,
  columns: u32,
  tilesDown: u32,   // ⌈rows / 32⌉
  tilesAcross: u32, // ⌈columns / 32⌉
  tiles: u32,       // of all matrices
  accumulate: u32,  // 1: add to y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const SIDE = 32u;
const ROWS = 8u; // of threads; each takes every 8th row of the tile

// A column more than the tile has, so that a column's elements lie in different banks.
var<workgroup> tile: array<f32, SIDE * (SIDE + 1u)>;

@compute @workgroup_size(SIDE, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.tiles) {
    return;
  }
  let matrix = id / (params.tilesDown * params.tilesAcross) * params.rows * params.columns;
  let row0 = id / params.tilesAcross % params.tilesDown * SIDE;
  let column0 = id % params.tilesAcross * SIDE;
  for (var i = thread.y; i < SIDE; i += ROWS) {
    if (row0 + i < params.rows && column0 + thread.x < params.columns) {
      tile[i * (SIDE + 1u) + thread.x] = x[matrix + (row0 + i) * params.columns + column0 + thread.x];
    }
  }
  workgroupBarrier();
  for (var i = thread.y; i < SIDE; i += ROWS) {
    if (column0 + i < params.columns && row0 + thread.x < params.rows) {
      let o = matrix + (column0 + i) * params.rows + row0 + thread.x;
      var value = tile[thread.x * (SIDE + 1u) + i];
      if (params.accumulate == 1u) {
        value += y[o];
      }
      y[o] = value;
    }
  }
}

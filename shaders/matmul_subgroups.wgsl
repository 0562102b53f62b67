enable subgroups;

// Sibling of matmul.wgsl with the same bindings: the lanes of a subgroup (8 at least) read b together, each a part, and hand
// it round, so that an element is read once a subgroup and not once a lane. No workgroup memory, no barriers.
// y = Σ a·b, products of matrices, each laid out in any order, summed over several where there are such.
//
//   a  element (m, k) of a matrix lies at m·aRow + k·aColumn from where that begins
//   b  element (k, p) at k·bRow + p·bColumn
//   y  [matrices, rows, columns]
//
// Where the matrices of a and b begin is walked along the axes of y's matrices and those that are summed. One workgroup
// computes 8 · ROWS rows by 16 columns of one matrix, every thread ROWS rows of them; the inner axis goes in fours.

struct Params {
  rows: u32,
  inner: u32,
  columns: u32,
  tilesDown: u32,   // ⌈rows / (8 · ROWS)⌉
  tilesAcross: u32, // ⌈columns / 16⌉
  groups: u32,
  sums: u32,        // products that are summed
  accumulate: u32,  // 1: add to y
  aRow: u32,
  aColumn: u32,
  bRow: u32,
  bColumn: u32,
  sizes: vec4<u32>, // of the axes of y's matrices
  moreSizes: vec4<u32>,
  aStrides: vec4<u32>,
  moreAStrides: vec4<u32>,
  bStrides: vec4<u32>,
  moreBStrides: vec4<u32>,
  sumSizes: vec4<u32>, // of the axes that are summed
  moreSumSizes: vec4<u32>,
  aSumStrides: vec4<u32>,
  moreASumStrides: vec4<u32>,
  bSumStrides: vec4<u32>,
  moreBSumStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override RANK: u32 = 8u;
override SUM_RANK: u32 = 8u;

const LANES = 8u;
const ROWS = 4u;
const QUADS = 4u; // of four columns of a tile
const SHARES = 4u * QUADS / LANES; // quads of b that a lane reads for four steps of the inner axis
const FOUR = vec4<u32>(0u, 1u, 2u, 3u);

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.groups) {
    return;
  }
  let matrix = id / (params.tilesDown * params.tilesAcross);
  let row0 = id / params.tilesAcross % params.tilesDown * LANES * ROWS + thread;
  let column0 = id % params.tilesAcross * 4u * QUADS;
  let baseA = placeAlong(Axes(params.sizes, params.moreSizes, params.aStrides, params.moreAStrides), RANK, matrix);
  let baseB = placeAlong(Axes(params.sizes, params.moreSizes, params.bStrides, params.moreBStrides), RANK, matrix);
  let sumsA = Axes(params.sumSizes, params.moreSumSizes, params.aSumStrides, params.moreASumStrides);
  let sumsB = Axes(params.sumSizes, params.moreSumSizes, params.bSumStrides, params.moreBSumStrides);

  // Rows and columns beyond the last are computed from the last, and not stored.
  var line: array<u32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    line[r] = min(row0 + r * LANES, params.rows - 1u) * params.aRow;
  }
  var across: array<vec4<u32>, SHARES>;
  for (var i = 0u; i < SHARES; i++) {
    let quad = (LANES * i + lane % LANES) % QUADS;
    across[i] = min(column0 + 4u * quad + FOUR, vec4<u32>(params.columns - 1u)) * params.bColumn;
  }

  var sum: array<array<vec4<f32>, QUADS>, ROWS>;
  for (var s = 0u; s < params.sums; s++) {
    let beginA = baseA + placeAlong(sumsA, SUM_RANK, s);
    let beginB = baseB + placeAlong(sumsB, SUM_RANK, s);
    for (var k0 = 0u; k0 < params.inner; k0 += 4u) {
      let steps = k0 + FOUR;
      let whole = steps < vec4<u32>(params.inner);
      let along = min(steps, vec4<u32>(params.inner - 1u)) * params.aColumn;
      var v: array<vec4<f32>, ROWS>;
      for (var r = 0u; r < ROWS; r++) {
        let at = beginA + line[r] + along;
        v[r] = select(vec4<f32>(), vec4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]), whole);
      }
      var share: array<vec4<f32>, SHARES>;
      for (var i = 0u; i < SHARES; i++) {
        let k = k0 + (LANES * i + lane % LANES) / QUADS;
        let at = beginB + min(k, params.inner - 1u) * params.bRow + across[i];
        share[i] = select(vec4<f32>(), vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]), k < params.inner);
      }
      for (var k = 0u; k < 4u; k++) {
        for (var q = 0u; q < QUADS; q++) {
          let item = k * QUADS + q;
          let quad = subgroupShuffle(share[item / LANES], item % LANES);
          for (var r = 0u; r < ROWS; r++) {
            sum[r][q] = fma(vec4<f32>(v[r][k]), quad, sum[r][q]);
          }
        }
      }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    let row = row0 + r * LANES;
    if (row < params.rows) {
      for (var q = 0u; q < QUADS; q++) {
        for (var c = 0u; c < 4u; c++) {
          let column = column0 + 4u * q + c;
          if (column < params.columns) {
            let o = (matrix * params.rows + row) * params.columns + column;
            y[o] = sum[r][q][c] + select(0.0, y[o], params.accumulate == 1u);
          }
        }
      }
    }
  }
}

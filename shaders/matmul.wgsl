// y = Σ a·b, products of matrices, each laid out in any order, summed over several where there are such.
//
//   a  element (m, k) of a matrix lies at m·aRow + k·aColumn from where that begins
//   b  element (k, p) at k·bRow + p·bColumn
//   y  [matrices, rows, columns]
//
// Where the matrices of a and b begin is walked along the axes of y's matrices and those that are summed. One workgroup
// computes a tile of 64 × 64 of one matrix, every thread 4 × 8 of it; 16 columns of a and rows of b at a time go through
// workgroup memory.

struct Params {
  rows: u32,
  inner: u32,
  columns: u32,
  tilesDown: u32,   // ⌈rows / 64⌉
  tilesAcross: u32, // ⌈columns / 64⌉
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

const SIDE = 64u;
const DEPTH = 16u;
const QUADS = 16u; // of four rows, or columns, of a tile
const LINES = 8u;  // threads along the columns, each with two quads of them

var<workgroup> tileA: array<vec4<f32>, DEPTH * QUADS>;
var<workgroup> tileB: array<vec4<f32>, DEPTH * QUADS>;

/// Four neighbouring rows of a at one place of the inner axis, 0 outside of the matrix.
fn quadOfA(base: u32, row: u32, k: u32) -> vec4<f32> {
  let rows = row + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = (rows < vec4<u32>(params.rows)) & vec4<bool>(k < params.inner);
  let at = base + min(rows, vec4<u32>(params.rows - 1u)) * params.aRow + min(k, params.inner - 1u) * params.aColumn;
  return select(vec4<f32>(), vec4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]), inside);
}

/// Four neighbouring columns of b likewise.
fn quadOfB(base: u32, k: u32, column: u32) -> vec4<f32> {
  let columns = column + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = (columns < vec4<u32>(params.columns)) & vec4<bool>(k < params.inner);
  let at = base + min(columns, vec4<u32>(params.columns - 1u)) * params.bColumn + min(k, params.inner - 1u) * params.bRow;
  return select(vec4<f32>(), vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]), inside);
}

fn store(row: u32, column: u32, matrix: u32, values: vec4<f32>) {
  if (row >= params.rows) {
    return;
  }
  for (var c = 0u; c < min(4u, params.columns - min(column, params.columns)); c++) {
    let o = (matrix * params.rows + row) * params.columns + column + c;
    y[o] = values[c] + select(0.0, y[o], params.accumulate == 1u);
  }
}

@compute @workgroup_size(QUADS, LINES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.groups) {
    return;
  }
  let matrix = id / (params.tilesDown * params.tilesAcross);
  let row0 = id / params.tilesAcross % params.tilesDown * SIDE;
  let column0 = id % params.tilesAcross * SIDE;
  let baseA = placeAlong(Axes(params.sizes, params.moreSizes, params.aStrides, params.moreAStrides), RANK, matrix);
  let baseB = placeAlong(Axes(params.sizes, params.moreSizes, params.bStrides, params.moreBStrides), RANK, matrix);
  let sumsA = Axes(params.sumSizes, params.moreSumSizes, params.aSumStrides, params.moreASumStrides);
  let sumsB = Axes(params.sumSizes, params.moreSumSizes, params.bSumStrides, params.moreBSumStrides);
  // What a thread stages of each: a quad of one step of the inner axis, and of eight steps further. Neighbouring threads read
  // what lies side by side: along the inner axis, or along the four rows of each.
  let index = thread.y * QUADS + thread.x;
  let lines = vec2<u32>(index / LINES, index % LINES); // quad, step
  let quads = vec2<u32>(index % QUADS, index / QUADS);
  let a0 = select(quads, lines, vec2<bool>(params.aColumn == 1u));
  let b0 = select(quads, lines, vec2<bool>(params.bRow == 1u));

  var sum = mat4x4<f32>(); // a column a row of y
  var other = mat4x4<f32>(); // the same of 32 columns further
  for (var s = 0u; s < params.sums; s++) {
    let beginA = baseA + placeAlong(sumsA, SUM_RANK, s);
    let beginB = baseB + placeAlong(sumsB, SUM_RANK, s);
    for (var k0 = 0u; k0 < params.inner; k0 += DEPTH) {
      workgroupBarrier();
      for (var half = 0u; half < DEPTH; half += LINES) {
        let ka = half + a0.y;
        let kb = half + b0.y;
        tileA[ka * QUADS + a0.x] = quadOfA(beginA, row0 + 4u * a0.x, k0 + ka);
        tileB[kb * QUADS + b0.x] = quadOfB(beginB, k0 + kb, column0 + 4u * b0.x);
      }
      workgroupBarrier();
      for (var k = 0u; k < DEPTH; k++) {
        let left = tileA[k * QUADS + thread.x];
        sum = plusOuter(sum, left, tileB[k * QUADS + thread.y]);
        other = plusOuter(other, left, tileB[k * QUADS + thread.y + LINES]);
      }
    }
  }
  let row = row0 + 4u * thread.x;
  let column = column0 + 4u * thread.y;
  let further = column + 4u * LINES;
  store(row, column, matrix, sum[0]);
  store(row + 1u, column, matrix, sum[1]);
  store(row + 2u, column, matrix, sum[2]);
  store(row + 3u, column, matrix, sum[3]);
  store(row, further, matrix, other[0]);
  store(row + 1u, further, matrix, other[1]);
  store(row + 2u, further, matrix, other[2]);
  store(row + 3u, further, matrix, other[3]);
}

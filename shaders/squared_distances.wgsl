// Squared distances of queries and points: tile = Σ (x − y)², summed along the channels in their order.
//
//   x      [queries, channels]
//   y      [points, channels]
//   place  [5]  queries that there are in x; first row of y and number of rows; number of that row, and of x's first, in the whole
//   tile   [points of a tile, queries of a block]
//
// Differences are taken before they are squared, so that equal rows are at 0 and near ones keep their digits; a pair's distance
// has the same bits in whatever tile it comes. One workgroup computes 64 queries × 64 points, every thread 4 × 8 of them; 16
// channels at a time go through workgroup memory.

struct Params {
  channels: u32,
  block: u32,        // queries of a block
  tilesAcross: u32,  // ⌈block / 64⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> place: array<u32>;
@group(0) @binding(4) var<storage, read_write> tile: array<f32>;

const SIDE = 64u;
const DEPTH = 16u;
const QUADS = 16u; // of four rows
const LINES = 8u;  // threads along the points, each with two quads of them

var<workgroup> tileX: array<vec4<f32>, DEPTH * QUADS>;
var<workgroup> tileY: array<vec4<f32>, DEPTH * QUADS>;

/// Where four neighbouring rows begin; those that there are not are the last.
fn rowsFrom(row: u32, rows: u32) -> vec4<u32> {
  return min(row + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(rows - 1u)) * params.channels;
}

fn quadOfX(row: u32, k: u32) -> vec4<f32> {
  if (k >= params.channels) {
    return vec4<f32>();
  }
  let at = rowsFrom(row, place[0]) + k;
  return vec4<f32>(x[at.x], x[at.y], x[at.z], x[at.w]);
}

fn quadOfY(row: u32, k: u32) -> vec4<f32> {
  if (k >= params.channels) {
    return vec4<f32>();
  }
  let at = rowsFrom(row, place[1] + place[2]) + k;
  return vec4<f32>(y[at.x], y[at.y], y[at.z], y[at.w]);
}

/// sum + the squared differences of four queries, a column each, to four points.
fn plusSquares(sum: mat4x4<f32>, a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
  let d = mat4x4<f32>(a.x - b, a.y - b, a.z - b, a.w - b);
  return mat4x4<f32>(
    fma(d[0], d[0], sum[0]),
    fma(d[1], d[1], sum[1]),
    fma(d[2], d[2], sum[2]),
    fma(d[3], d[3], sum[3]),
  );
}

fn store(query: u32, point: u32, values: vec4<f32>) {
  if (query >= place[0]) {
    return;
  }
  for (var p = 0u; p < min(4u, place[2] - min(point, place[2])); p++) {
    tile[(point + p) * params.block + query] = values[p];
  }
}

@compute @workgroup_size(QUADS, LINES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  let query0 = id % params.tilesAcross * SIDE;
  let point0 = id / params.tilesAcross * SIDE;
  if (query0 >= place[0] || point0 >= place[2]) {
    return;
  }
  // What a thread stages: a quad of one channel, and of eight channels further. Neighbouring threads read along the channels.
  let index = thread.y * QUADS + thread.x;
  let quad = index / LINES;
  let step = index % LINES;

  var near = mat4x4<f32>(); // a column a query
  var far = mat4x4<f32>();  // the same of 32 points further
  for (var k0 = 0u; k0 < params.channels; k0 += DEPTH) {
    workgroupBarrier();
    for (var half = 0u; half < DEPTH; half += LINES) {
      let k = half + step;
      tileX[k * QUADS + quad] = quadOfX(query0 + 4u * quad, k0 + k);
      tileY[k * QUADS + quad] = quadOfY(place[1] + point0 + 4u * quad, k0 + k);
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let left = tileX[k * QUADS + thread.x];
      near = plusSquares(near, left, tileY[k * QUADS + thread.y]);
      far = plusSquares(far, left, tileY[k * QUADS + thread.y + LINES]);
    }
  }
  let query = query0 + 4u * thread.x;
  let point = point0 + 4u * thread.y;
  let further = point + 4u * LINES;
  store(query, point, near[0]);
  store(query + 1u, point, near[1]);
  store(query + 2u, point, near[2]);
  store(query + 3u, point, near[3]);
  store(query, further, far[0]);
  store(query + 1u, further, far[1]);
  store(query + 2u, further, far[2]);
  store(query + 3u, further, far[3]);
}

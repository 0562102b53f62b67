// dx = dy · wᵀ, the gradient of a dense layer to its input.
//
//   w   [features, units]
//   dy  [rows, units]
//   dx  [rows, features]
//
// One workgroup computes ROWS rows of FEATURES features: LANES threads share the units of each feature, reading w along
// its rows, and their sums are added in a fixed order. Units go in chunks of four where their number allows.

struct Params {
  rows: u32,
  features: u32,
  chunks: u32,     // of units
  rowTiles: u32,   // workgroups along the rows
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<Chunk>;
@group(0) @binding(2) var<storage, read> dy: array<Chunk>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

alias Chunk = vec4<f32>; // or f32, with CHUNK = 1
const CHUNK = 4u;
const ROWS = 1u;
const LANES = 16u;
const FEATURES = 16u;

var<workgroup> partial: array<f32, 256>; // LANES · FEATURES

@compute @workgroup_size(LANES, FEATURES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let row0 = (id % params.rowTiles) * ROWS;
  let feature = (id / params.rowTiles) * FEATURES + thread.y;
  let begin = min(feature, params.features - 1u) * params.chunks;

  var acc: array<Chunk, ROWS>;
  for (var chunk = thread.x; chunk < params.chunks; chunk += LANES) {
    let weights = w[begin + chunk];
    for (var r = 0u; r < ROWS; r++) {
      let row = min(row0 + r, params.rows - 1u);
      acc[r] = fma(dy[row * params.chunks + chunk], weights, acc[r]);
    }
  }

  // Adds up a chunk; a lone f32 would be counted four times.
  let ones = vec4<f32>(1.0, vec3<f32>(f32(CHUNK == 4u)));
  for (var r = 0u; r < ROWS; r++) {
    partial[index] = dot(vec4<f32>(acc[r]), ones);
    workgroupBarrier();
    if (thread.x == 0u && feature < params.features && row0 + r < params.rows) {
      var sum = 0.0;
      for (var lane = 0u; lane < LANES; lane++) {
        sum += partial[thread.y * LANES + lane];
      }
      let at = (row0 + r) * params.features + feature;
      if (params.accumulate == 1u) {
        sum += dx[at];
      }
      dx[at] = sum;
    }
    workgroupBarrier();
  }
}

// dx = dy · wᵀ, the gradient of a dense layer to its input.
//
//   w   [features, units]  weights of the features from `first` on; all of them, unless no binding holds so many
//   dy  [rows, units]
//   a   [rows, stride]     the activation whose gradient dx is; unused where GRADIENT_OF is 0
//   rules  [slots]         codes of backward rules (blocks/backward_rule.wgsl); unused likewise
//   dx  [rows, stride]     the gradient to the input, or to what that is the activation of
//
// One workgroup computes ROWS rows of 32 features: LANES threads share the units of four features, reading w along its
// rows, and their sums are added in a fixed order. Units go in chunks of four where their number allows.

struct Params {
  rows: u32,
  stride: u32,     // features of a row of dx
  first: u32,      // the first of them that w has
  features: u32,   // how many w has
  chunks: u32,     // of units
  rowTiles: u32,   // workgroups along the rows
  accumulate: u32, // 1: add to dx
  slot: u32,       // which of the rules counts
  alpha: f32,      // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<Chunk>;
@group(0) @binding(2) var<storage, read> dy: array<Chunk>;
@group(0) @binding(3) var<storage, read> a: array<f32>;
@group(0) @binding(4) var<storage, read> rules: array<u32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

alias Value = f32; // of the shared blocks
alias Chunk = vec4<f32>; // or f32, with CHUNK = 1
const CHUNK = 4u;
const ROWS = 1u; // or 8
const LANES = 16u;
const QUADS = 8u; // of features

var<workgroup> partial: array<vec4<f32>, ROWS * QUADS * LANES>;

/// A lone f32 fills one component only, or it would be counted four times.
fn widen(v: Chunk) -> vec4<f32> {
  return vec4<f32>(v) * vec4<f32>(1.0, vec3<f32>(f32(CHUNK == 4u)));
}

@compute @workgroup_size(LANES, QUADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let row0 = (id % params.rowTiles) * ROWS;
  let feature0 = (id / params.rowTiles) * 4u * QUADS;
  let features = min(feature0 + thread.y * 4u + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.features - 1u));
  let begin = features * params.chunks;
  let end = params.rows - 1u;
  let dy0 = min(row0, end) * params.chunks;
  let dy1 = min(row0 + 1u, end) * params.chunks;
  let dy2 = min(row0 + 2u, end) * params.chunks;
  let dy3 = min(row0 + 3u, end) * params.chunks;
  let dy4 = min(row0 + 4u, end) * params.chunks;
  let dy5 = min(row0 + 5u, end) * params.chunks;
  let dy6 = min(row0 + 6u, end) * params.chunks;
  let dy7 = min(row0 + 7u, end) * params.chunks;

  // Not arrays, which simple compilers keep in memory where loops index them.
  var acc0 = vec4<f32>();
  var acc1 = vec4<f32>();
  var acc2 = vec4<f32>();
  var acc3 = vec4<f32>();
  var acc4 = vec4<f32>();
  var acc5 = vec4<f32>();
  var acc6 = vec4<f32>();
  var acc7 = vec4<f32>();
  for (var chunk = thread.x; chunk < params.chunks; chunk += LANES) {
    let weights = mat4x4<f32>(
      widen(w[begin.x + chunk]),
      widen(w[begin.y + chunk]),
      widen(w[begin.z + chunk]),
      widen(w[begin.w + chunk]),
    );
    acc0 += vec4<f32>(dy[dy0 + chunk]) * weights;
    if (ROWS > 1u) {
      acc1 += vec4<f32>(dy[dy1 + chunk]) * weights;
      acc2 += vec4<f32>(dy[dy2 + chunk]) * weights;
      acc3 += vec4<f32>(dy[dy3 + chunk]) * weights;
      acc4 += vec4<f32>(dy[dy4 + chunk]) * weights;
      acc5 += vec4<f32>(dy[dy5 + chunk]) * weights;
      acc6 += vec4<f32>(dy[dy6 + chunk]) * weights;
      acc7 += vec4<f32>(dy[dy7 + chunk]) * weights;
    }
  }

  partial[index] = acc0;
  if (ROWS > 1u) {
    partial[QUADS * LANES + index] = acc1;
    partial[2u * QUADS * LANES + index] = acc2;
    partial[3u * QUADS * LANES + index] = acc3;
    partial[4u * QUADS * LANES + index] = acc4;
    partial[5u * QUADS * LANES + index] = acc5;
    partial[6u * QUADS * LANES + index] = acc6;
    partial[7u * QUADS * LANES + index] = acc7;
  }
  workgroupBarrier();

  for (var o = index; o < ROWS * 4u * QUADS; o += QUADS * LANES) {
    let row = row0 + o / (4u * QUADS);
    let feature = feature0 + o % (4u * QUADS);
    if (row >= params.rows || feature >= params.features) {
      continue;
    }
    var sum = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      sum += partial[o / 4u * LANES + lane][o % 4u];
    }
    let at = row * params.stride + params.first + feature;
    sum = throughActivation(sum, fusedRule(), at);
    if (params.accumulate == 1u) {
      sum += dx[at];
    }
    dx[at] = sum;
  }
}

// dx = dy · wᵀ, the gradient of a dense layer to its input.
//
//   w   [features, units]
//   dy  [rows, units]
//   a   [rows, features]  the activation whose gradient dx is; unused where GATE is 0
//   rules  [slots]        codes of backward rules (activation_gradient.wgsl); unused likewise
//   dx  [rows, features]  the gradient to the input, or to what that is the activation of
//
// One workgroup computes ROWS rows of 32 features: LANES threads share the units of two features, reading w along its
// rows, and their sums are added in a fixed order. Units go in chunks of four where their number allows.

struct Params {
  rows: u32,
  features: u32,
  chunks: u32,     // of units
  rowTiles: u32,   // workgroups along the rows
  accumulate: u32, // 1: add to dx
  slot: u32,       // which of the rules counts
  alpha: f32,      // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<Chunk>;
@group(0) @binding(2) var<storage, read> dy: array<Chunk>;
@group(0) @binding(3) var<storage, read> a: array<f32>;
@group(0) @binding(4) var<storage, read> rules: array<u32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

alias Chunk = vec4<f32>; // or f32, with CHUNK = 1
const CHUNK = 4u;
const ROWS = 1u;
const LANES = 16u;
const PAIRS = 16u; // of features

// The activation through which dx is taken back by its rule: 0 none, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh
override GATE: u32 = 0u;

var<workgroup> partial: array<f32, ROWS * 2u * PAIRS * LANES>;

fn slope(v: f32) -> f32 {
  switch GATE {
    case 1u: { return select(0.0, 1.0, v > 0.0); }
    case 2u: { return select(0.0, 1.0, v > 0.0 && v < 6.0); }
    case 3u: { return select(params.alpha, 1.0, v > 0.0); }
    case 4u: { return v * (1.0 - v); }
    case 5u: { return 1.0 - v * v; }
    default: { return 1.0; }
  }
}

@compute @workgroup_size(LANES, PAIRS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let row0 = (id % params.rowTiles) * ROWS;
  let feature0 = (id / params.rowTiles) * 2u * PAIRS;
  let last = params.features - 1u;
  let begin0 = min(feature0 + thread.y, last) * params.chunks;
  let begin1 = min(feature0 + thread.y + PAIRS, last) * params.chunks;

  var acc0: array<Chunk, ROWS>;
  var acc1: array<Chunk, ROWS>;
  for (var chunk = thread.x; chunk < params.chunks; chunk += LANES) {
    let w0 = w[begin0 + chunk];
    let w1 = w[begin1 + chunk];
    for (var r = 0u; r < ROWS; r++) {
      let signal = dy[min(row0 + r, params.rows - 1u) * params.chunks + chunk];
      acc0[r] = fma(signal, w0, acc0[r]);
      acc1[r] = fma(signal, w1, acc1[r]);
    }
  }

  // Adds up a chunk; a lone f32 would be counted four times.
  let ones = vec4<f32>(1.0, vec3<f32>(f32(CHUNK == 4u)));
  for (var r = 0u; r < ROWS; r++) {
    partial[2u * r * PAIRS * LANES + index] = dot(vec4<f32>(acc0[r]), ones);
    partial[(2u * r + 1u) * PAIRS * LANES + index] = dot(vec4<f32>(acc1[r]), ones);
  }
  workgroupBarrier();

  let row = row0 + index / (2u * PAIRS);
  let feature = feature0 + index % (2u * PAIRS);
  if (index < ROWS * 2u * PAIRS && row < params.rows && feature < params.features) {
    var sum = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      sum += partial[index * LANES + lane];
    }
    let at = row * params.features + feature;
    let rule = select(4u, rules[params.slot], GATE != 0u);
    if (rule == 1u || rule == 2u) {
      sum = max(sum, 0.0);
    }
    if (rule <= 1u) {
      sum *= slope(a[at]);
    }
    if (params.accumulate == 1u) {
      sum += dx[at];
    }
    dx[at] = sum;
  }
}

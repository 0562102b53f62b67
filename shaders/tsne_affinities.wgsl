// How likely a point would pick each of its neighbours under a Gaussian around it: p = exp(−β·d²) / Σ, with the β for which the
// distribution has the perplexity that is asked.
//
//   squared  [points, k]  squared distances of the neighbours, nearest first
//   p        [points, k]  conditional probabilities
//
// β is found by bisection until the entropy is within 1e-5 of log(perplexity). Distances are taken from the nearest neighbour's
// on, in units of their mean: p is the same, and no exponential vanishes. Neighbours that are all equally far are equally
// likely. One thread serves one point. After van der Maaten and Hinton 2008.

struct Params {
  points: u32,
  k: u32,
  entropy: f32, // log(perplexity)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> squared: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<f32>;

const STEPS = 100u;
const TOLERANCE = 1e-5;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let point = id.x + id.y * groups.x * 64u;
  if (point >= params.points) {
    return;
  }
  let base = point * params.k;
  let least = squared[base];
  var unit = 0.0;
  for (var i = 0u; i < params.k; i++) {
    unit += (squared[base + i] - least) / f32(params.k);
  }
  let scale = select(0.0, 1.0 / unit, unit > 1e-37);
  var beta = 1.0;
  var low = 0.0;
  var high = 0.0; // 0: not known
  var sum = 0.0;
  for (var step = 0u; step < STEPS; step++) {
    sum = 0.0;
    var weighted = 0.0;
    for (var i = 0u; i < params.k; i++) {
      let distance = (squared[base + i] - least) * scale;
      let likelihood = exp(-beta * distance);
      sum += likelihood;
      weighted += likelihood * distance;
    }
    let excess = log(sum) + beta * weighted / sum - params.entropy;
    if (scale == 0.0 || abs(excess) <= TOLERANCE) {
      break;
    }
    if (excess > 0.0) {
      low = beta;
      beta = select(0.5 * (low + high), min(2.0 * beta, 1e30), high == 0.0);
    } else {
      high = beta;
      beta = 0.5 * (low + high);
    }
  }
  for (var i = 0u; i < params.k; i++) {
    p[base + i] = exp(-beta * (squared[base + i] - least) * scale);
  }
  sum = 0.0;
  for (var i = 0u; i < params.k; i++) {
    sum += p[base + i];
  }
  for (var i = 0u; i < params.k; i++) {
    p[base + i] /= sum;
  }
}

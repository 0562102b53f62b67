// A step of Adam, or with NESTEROV of NAdam, uphill: m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², x += rate · m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and
// v̂ = v / (1 − β₂ᵗ), t the number of the step from 1.
//
//   g         [size]   gradient
//   step      [1]      number of the step, from 0; in step 0 what m and v held is forgotten
//   rates     [steps]  rate of each step; the last one goes on
//   products  [steps]  NAdam: the product of all μ up to each step, whose last one goes on
//   m, v      [size]   moments of the gradient
//   x         [size]   parameters
//
// Kingma & Ba 2014, algorithm 1; Dozat 2016, with μ = β₁·(1 − ½·0.96^(t/250)), as PyTorch and Keras have it.
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  beta1: f32,
  rest1: f32, // 1 − β₁
  rest2: f32, // 1 − β₂
  log1: f32,  // ln β₁
  log2: f32,  // ln β₂
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> products: array<f32>;
@group(0) @binding(5) var<storage, read_write> m: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;
@group(0) @binding(7) var<storage, read_write> x: array<f32>;

override NESTEROV: bool = false;

// 1 − exp(z) for z ≤ 0, also where exp(z) is so near to 1 that little of the difference is left.
fn oneMinusExp(z: f32) -> f32 {
  if (z < -0.1) {
    return 1.0 - exp(z);
  }
  return -z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0 * (1.0 + z / 5.0))));
}

// How far NAdam looks ahead in step t, from 1.
fn mu(t: f32) -> f32 {
  return params.beta1 * (1.0 - 0.5 * pow(0.96, 0.004 * t));
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let first = step[0] == 0u;
  let t = f32(step[0] + 1u);
  let before = select(vec2(m[i], v[i]), vec2(0.0), first);
  let mean = before.x + params.rest1 * (g[i] - before.x);
  let square = before.y + params.rest2 * (g[i] * g[i] - before.y);
  m[i] = mean;
  v[i] = square;
  let deviation = sqrt(square / oneMinusExp(params.log2 * t));
  var along = mean / oneMinusExp(params.log1 * t);
  if (NESTEROV) {
    let product = products[min(step[0], arrayLength(&products) - 1u)];
    let next = mu(t + 1.0);
    along = (1.0 - mu(t)) * g[i] / (1.0 - product) + next * mean / (1.0 - product * next);
  }
  x[i] += rateAt(step[0]) * along / (deviation + params.epsilon);
}

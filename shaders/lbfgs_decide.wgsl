// Decides what a step of L-BFGS does: whether the last move gave a pair (s, y), and with LINE_SEARCH whether its end is good enough,
// or the move is to be tried again at half its length.
//
//   partials  [images, slices]   of lbfgs_products.wgsl
//   step      [1]                number of the step, from 0: in step 0 all that was is forgotten
//   values    [images]           the objective
//   rates     [steps]            length of a move; the last one goes on
//   slopes    [images]           along the last direction
//   state     [images]
//   factors   [2, history, images]  ρ = 1 / yᵀs of each pair; and α, which is not touched
//
// A pair counts where yᵀs > 1e-10, the first move is at most 1 / Σ |l| long (PyTorch's L-BFGS). A move is good enough where
// the loss falls by 1e-4 of what its slope says (Armijo), or where it was halved thirty times. One thread decides for one image.

struct Params {
  images: u32,
  slices: u32,
  history: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<storage, read> slopes: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<LbfgsState>;
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;

override LINE_SEARCH: bool = false;

const SHORTEST = 1e-9; // of a move: half of half of …

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let image = id.x;
  if (image >= params.images) {
    return;
  }
  var sums = vec4<f32>();
  for (var slice = 0u; slice < params.slices; slice++) {
    sums += partials[image * params.slices + slice];
  }
  let loss = -values[image];
  let rate = rateAt(step[0]);
  var own = state[image];
  if (step[0] == 0u) {
    own = LbfgsState();
    own.newest = params.history - 1u;
    own.scale = 1.0;
    own.moves = 1u;
    own.loss = loss;
    own.length = min(1.0, 1.0 / max(sums.z, 1e-30)) * rate;
    state[image] = own;
    return;
  }
  own.before = own.length;
  let enough = loss <= own.loss + 1e-4 * own.length * slopes[image] || own.length < SHORTEST * rate;
  if (LINE_SEARCH && !enough) {
    own.moves = 0u;
    own.stored = 0u;
    own.length *= 0.5;
    state[image] = own;
    return;
  }
  own.moves = 1u;
  own.stored = u32(sums.x > 1e-10);
  if (own.stored == 1u) {
    own.newest = (own.newest + 1u) % params.history;
    own.count = min(own.count + 1u, params.history);
    own.scale = sums.x / sums.y;
    factors[own.newest * params.images + image] = 1.0 / sums.x;
  }
  own.loss = loss;
  own.length = rate;
  state[image] = own;
}

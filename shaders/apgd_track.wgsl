// Keeps the best point of APGD and, at a checkpoint, halves the step and goes back to it where progress was poor (Croce &
// Hein 2020, arXiv:2003.01690, algorithm 1).
//
//   losses   [N, 2]     loss at x, and what is not read here
//   lengths  [N]        length of each picture's step
//   state    [N, 5]     best loss, loss of the step before, steps that rose since the checkpoint, best loss at the checkpoint,
//                       1 if the step was halved there
//   x        [N, size]
//   g        [N, size]  gradient at x
//   best     [N, size]  x of the best loss
//   bestG    [N, size]  gradient there
//
// At a checkpoint the step is halved if at most 3/4 of the steps since the last one rose, or if the best loss is as it was
// there and the step was not halved then. One workgroup computes one picture.

struct Params {
  size: u32,   // elements of a picture
  first: u32,  // 1 at the start, where there is nothing to compare with
  window: u32, // steps since the last checkpoint, where this is one; else 0
}

struct State {
  best: f32,
  last: f32,
  rises: f32,
  bestThen: f32,
  halved: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> lengths: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<State>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> g: array<f32>;
@group(0) @binding(6) var<storage, read_write> best: array<f32>;
@group(0) @binding(7) var<storage, read_write> bestG: array<f32>;

const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let value = losses[n].x;
  let length = lengths[n];
  var now = state[n];
  storageBarrier(); // every thread has read what the first one writes
  let better = params.first == 1u || value > now.best;
  if (params.first == 1u) {
    now = State(value, value, 0.0, value, 1.0);
  } else {
    now.rises += select(0.0, 1.0, value > now.last);
    now.last = value;
    now.best = max(now.best, value);
  }
  var back = false;
  if (params.window > 0u) {
    let swinging = now.rises <= 0.75 * f32(params.window);
    let stuck = now.halved == 0.0 && now.bestThen >= now.best;
    back = swinging || stuck;
    now.halved = select(0.0, 1.0, back);
    now.bestThen = now.best;
    now.rises = 0.0;
  }
  for (var i = n * params.size + thread; i < (n + 1u) * params.size; i += THREADS) {
    if (better) {
      best[i] = x[i];
      bestG[i] = g[i];
    }
    if (back) {
      x[i] = best[i];
      g[i] = bestG[i];
    }
  }
  if (thread == 0u) {
    state[n] = now;
    lengths[n] = select(length, 0.5 * length, back);
  }
}

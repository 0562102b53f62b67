// The objective of attacks that look for the nearest picture: c·loss − ‖x − x0‖², its gradient to the parameters w of pixels
// x = (tanh(w) + 1)/2, and the nearest picture so far that reaches the goal (Szegedy et al. 2013, arXiv:1312.6199; Carlini &
// Wagner 2017, arXiv:1608.04644).
//
//   x0          [N, size]  the pictures as they were
//   x           [N, size]
//   g           [N, size]  gradient of the loss to x
//   weights     [N, 2]     c, and how far beyond the goal a picture must be
//   losses      [N, 2]     the loss, and how far beyond the goal x is
//   objective   [N]
//   gradient    [N, size]  of the objective to w
//   best        [N, size + 1]  the nearest picture, and its squared distance behind it
//
// One workgroup computes one picture; sums are trees over 256 strided partial sums.

struct Params {
  size: u32, // elements of a picture
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x0: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> losses: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> objective: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(8) var<storage, read_write> best: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let first = n * params.size;
  let kept = n * (params.size + 1u);
  let weight = weights[n];
  let loss = losses[n];
  var squares = 0.0;
  for (var i = thread; i < params.size; i += THREADS) {
    let delta = x[first + i] - x0[first + i];
    squares += delta * delta;
    gradient[first + i] = (weight.x * g[first + i] - 2.0 * delta) * 2.0 * x[first + i] * (1.0 - x[first + i]);
  }
  squares = total(thread, squares);
  let nearer = loss.y > weight.y && squares < best[kept + params.size];
  storageBarrier(); // every thread has read what the first one writes
  if (nearer) {
    for (var i = thread; i < params.size; i += THREADS) {
      best[kept + i] = x[first + i];
    }
  }
  if (thread == 0u) {
    objective[n] = weight.x * loss.x - squares;
    if (nearer) {
      best[kept + params.size] = squares;
    }
  }
}

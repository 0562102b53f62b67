// How far each picture of a batch is from the goal of an attack, and the gradient to the scores.
//
//   a        [N, channels]  scores before the head's activation
//   goals    [N, 3]         channel of the class, its side there (1, or -1 for the no of a yes or no), and the direction: 1
//                           away from the class, -1 towards it
//   losses   [N, 2]         the loss, larger where the attack is nearer to its goal; and how far beyond the goal the scores are:
//                           how far the class lies behind the best of the others, or towards it before them
//   dy       [N, channels]  gradient of the loss to `a`
//
// Let d be how far the others lie above the class: log-sum-exp of the others (cross-entropy) or their largest (margin) less
// its score, or minus its score where labels stand by themselves. The cross-entropy is softplus(d), the margin min(d,
// ceiling), each times the direction (Carlini & Wagner 2017, arXiv:1608.04644, f6). With DIRECTION_ONLY the gradient is that
// of d: the same direction, which does not vanish where a network is sure.
// One workgroup computes one picture; sums are trees over 256 strided partial sums.

struct Params {
  channels: u32,
  ceiling: f32, // of the margin: the confidence that is asked
}

struct Goal {
  channel: f32,
  side: f32,
  direction: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> goals: array<Goal>;
@group(0) @binding(3) var<storage, read_write> losses: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> dy: array<f32>;

override SIGMOID: bool = false;        // labels by themselves; else classes of a softmax
override MARGIN: bool = false;         // else the cross-entropy
override DIRECTION_ONLY: bool = false;

alias Value = f32; // of the shared blocks
const THREADS = 256u;
const LOWEST = -3.0e38;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * params.channels;
  let goal = goals[group.x];
  let asked = u32(goal.channel);
  let score = goal.side * a[first + asked];
  var top = LOWEST;
  for (var k = thread; k < params.channels; k += THREADS) {
    top = max(top, select(a[first + k], LOWEST, k == asked));
  }
  top = largest(thread, top);
  var share = 0.0;
  var place = -f32(params.channels); // minus the first place of the largest of the others
  for (var k = thread; k < params.channels; k += THREADS) {
    if (k != asked) {
      share += exp(a[first + k] - top);
      place = max(place, select(-f32(params.channels), -f32(k), a[first + k] == top));
    }
  }
  share = total(thread, share);
  let second = u32(-largest(thread, place));
  let behind = select(top, 0.0, SIGMOID) - score;
  let d = select(select(top + log(share), top, MARGIN), 0.0, SIGMOID) - score;
  var slope = 1.0;
  var value = min(goal.direction * d, params.ceiling);
  if (MARGIN) {
    slope = select(0.0, 1.0, goal.direction * d < params.ceiling);
  } else {
    value = goal.direction * softplus(d);
    if (!DIRECTION_ONLY) {
      slope = sigmoid(d);
    }
  }
  for (var k = thread; k < params.channels; k += THREADS) {
    var g = 0.0;
    if (k == asked) {
      g = -goal.side;
    } else if (MARGIN && !SIGMOID) {
      g = select(0.0, 1.0, k == second);
    } else if (!SIGMOID) {
      g = exp(a[first + k] - top) / share;
    }
    dy[first + k] = goal.direction * slope * g;
  }
  if (thread == 0u) {
    losses[group.x] = vec2<f32>(value, goal.direction * behind);
  }
}

// What a layer's constants add to an objective where the network is linear around its input: Σ dy·(constant of y).
//
//   y              [N, size]   the layer's output; image 0 is read
//   dy             [N, size]   gradient of the objective to it
//   b              [channels]  the layer's bias, or zeros
//   contributions  [layers]    entry `slot` is written
//
// Where the layer's activation has a slope, y = slope·(… + b): the constant is slope·b. Where it is flat, the constant is y
// itself: 0 below a ReLU, 6 at ReLU6's ceiling. Activations that are not linear piece by piece have no such constant.
// One workgroup computes the sum, a tree over 256 strided partial sums.

struct Params {
  size: u32,     // elements of one image
  channels: u32,
  slot: u32,
  alpha: f32,    // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> contributions: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

fn constantOf(value: f32, bias: f32) -> f32 {
  let s = slope(value);
  return select(s * bias, value, s == 0.0);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < params.size; i += THREADS) {
    sum += dy[i] * constantOf(y[i], b[i % params.channels]);
  }
  let contribution = total(thread, sum);
  if (thread == 0u) {
    contributions[params.slot] = contribution;
  }
}

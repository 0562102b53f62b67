// Gradient of local response normalisation:
// dx_c = dy_c·d_c^−beta − 2·alpha·beta·x_c · Σ dy_k·y_k / d_k, k from c − radius to c + radius,
// with d_k = bias + alpha·Σ x_j², j from k − radius to k + radius.
//
//   x   [pixels, channels]
//   y   [pixels, channels]
//   dy  [pixels, channels]
//   dx  [pixels, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // pixels·channels
  channels: u32,
  before: u32, // channels of a window before its own, and after
  after: u32,
  accumulate: u32, // 1: add to dx
  bias: f32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

fn divisor(base: u32, channel: u32) -> f32 {
  return params.bias + params.alpha * sumOfSquares(base, channel);
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
  let channel = i % params.channels;
  let base = i - channel;
  // The channels in whose windows this one is.
  let end = min(channel + params.before + 1u, params.channels);
  var through = 0.0;
  for (var k = channel - min(channel, params.after); k < end; k++) {
    through += dy[base + k] * y[base + k] / divisor(base, k);
  }
  var sum = dy[i] * pow(divisor(base, channel), -params.beta) -
    2.0 * params.alpha * params.beta * x[i] * through;
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

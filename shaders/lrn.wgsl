// Local response normalisation: y_c = x_c · d_c^−beta with d_c = bias + alpha·Σ x_k², k from c − before to c + after.
//
//   x  [pixels, channels]
//   y  [pixels, channels]
//
// Krizhevsky et al. 2012, section 3.3. One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // pixels·channels
  channels: u32,
  before: u32, // channels of a window before its own, and after
  after: u32,
  bias: f32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
  y[i] = x[i] * pow(params.bias + params.alpha * sumOfSquares(base, channel), -params.beta);
}

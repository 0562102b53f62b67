// y = activation(scale·x + offset), channel by channel.
//
//   x       [pixels, channels]
//   scale   [channels]
//   offset  [channels]
//   y       [pixels, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // pixels·channels
  channels: u32,
  alpha: f32, // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> offset: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks

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
  y[i] = activate(scale[channel] * x[i] + offset[channel]);
}

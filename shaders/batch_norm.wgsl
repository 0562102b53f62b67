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
  alpha: f32, // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> offset: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh
override ACTIVATION: u32 = 0u;

fn activate(z: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return select(z, 0.0, z <= 0.0); } // what is NaN stays so
    case 2u: { return select(select(z, 6.0, z >= 6.0), 0.0, z <= 0.0); }
    case 3u: { return select(params.alpha * z, z, z > 0.0); }
    case 4u: { return 1.0 / (1.0 + exp(-z)); }
    case 5u: { return select(select(tanh(z), 1.0, z > 20.0), -1.0, z < -20.0); } // some drivers overflow beyond
    default: { return z; }
  }
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
  y[i] = activate(scale[channel] * x[i] + offset[channel]);
}

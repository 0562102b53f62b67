// How a gradient passes an activation: dx = rule(dy, activation), element by element.
//
//   a   [size]  the activation y; for swish the pre-activation
//   dy  [size]  signal from above
//   dx  [size]  signal to the layer below
//
// The rules, at every ReLU: gradient dy·1[z>0] (Simonyan 2013), guided dy·1[z>0]·1[dy>0] (Springenberg 2014),
// deconvnet dy·1[dy>0] (Zeiler & Fergus 2013). For ReLU6 1[z>0] is 1[0<z<6].
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  accumulate: u32, // 1: add to dx
  alpha: f32,      // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> rule: u32; // 0 gradient, 1 guided, 2 deconvnet
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh, 6 swish
override ACTIVATION: u32 = 0u;

fn slope(v: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return select(0.0, 1.0, v > 0.0); }
    case 2u: { return select(0.0, 1.0, v > 0.0 && v < 6.0); }
    case 3u: { return select(params.alpha, 1.0, v > 0.0); }
    case 4u: { return v * (1.0 - v); }
    case 5u: { return 1.0 - v * v; }
    case 6u: {
      let s = 1.0 / (1.0 + exp(-v));
      return s * (1.0 + v * (1.0 - s));
    }
    default: { return 1.0; }
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
  var signal = dy[i];
  if (rule != 0u) {
    signal = max(signal, 0.0);
  }
  if (rule != 2u) {
    signal *= slope(a[i]);
  }
  if (params.accumulate == 1u) {
    signal += dx[i];
  }
  dx[i] = signal;
}

// How much parameters, or pixels, weigh: |x|, Σ x², or |Σ g·x|, the sums over a pixel's channels.
//
//   x           [size, channels]
//   g           [size, channels]  gradient, for the last
//   magnitudes  [size]
//
// One workgroup computes 256 of them.

struct Params {
  size: u32,
  channels: u32, // 1 for single parameters
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> magnitudes: array<f32>;

override BY_GRADIENT: bool = false;
override SQUARED: bool = false;

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
  var sum = 0.0;
  for (var at = i * params.channels; at < (i + 1u) * params.channels; at++) {
    var factor = 1.0;
    if (BY_GRADIENT) {
      factor = g[at];
    } else if (SQUARED) {
      factor = x[at];
    }
    sum += factor * x[at];
  }
  magnitudes[i] = abs(sum);
}

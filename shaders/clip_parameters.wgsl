// Holds parameters within bounds: x = min(max(x, low), high). What is no number stays so, for whoever looks for it.
//
//   low, high  [period]  repeated: one number, one a channel, an image, or all of x
//   x          [size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  period: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> low: array<f32>;
@group(0) @binding(2) var<storage, read> high: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

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
  let at = i % params.period;
  // By its bits: a driver may assume that there is no NaN.
  if ((bitcast<u32>(x[i]) & 0x7fffffffu) > 0x7f800000u) {
    return;
  }
  x[i] = min(max(x[i], low[at]), high[at]);
}

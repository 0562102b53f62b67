// Gradient of y = scale·x + offset: dx = scale·dy, channel by channel.
//
//   scale  [channels]
//   dy     [pixels, channels]
//   dx     [pixels, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // pixels·channels
  channels: u32,
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  var sum = scale[i % params.channels] * dy[i];
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

// Smallest and largest value of every map of an activation, for the scale it is drawn with.
//
//   params  pixels = H * W, channels = C
//   x       [H, W, C]
//   ranges  [C, 2]: minimum and maximum of each map
//
// One workgroup computes one map.

struct Params {
  pixels: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> ranges: array<f32>;

const SIZE = 64u;

var<workgroup> low: array<f32, 64>;
var<workgroup> high: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = group.x + group.y * groups.x;
  if (channel >= params.channels) {
    return;
  }
  var least = 3.4e38;
  var most = -3.4e38;
  for (var i = lane; i < params.pixels; i += SIZE) {
    let value = x[i * params.channels + channel];
    least = min(least, value);
    most = max(most, value);
  }
  low[lane] = least;
  high[lane] = most;
  workgroupBarrier();
  for (var step = SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      low[lane] = min(low[lane], low[lane + step]);
      high[lane] = max(high[lane], high[lane + step]);
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    ranges[2u * channel] = low[0];
    ranges[2u * channel + 1u] = high[0];
  }
}

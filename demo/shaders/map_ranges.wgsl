// Smallest and largest finite value of every map of an activation, for the scale it is drawn with; how many are not finite.
//
//   params  pixels = H * W, channels = C; pixel, map: distances in x between neighbours of a map, and between maps
//   x       C maps of H × W values
//   ranges  [C, 3]: minimum and maximum, both 0 where nothing is finite, and the number of NaN and infinite values
//
// One workgroup computes one map.

struct Params {
  pixels: u32,
  channels: u32,
  pixel: u32,
  map: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> ranges: array<f32>;

const SIZE = 64u;

var<workgroup> low: array<f32, 64>;
var<workgroup> high: array<f32, 64>;
var<workgroup> strange: array<f32, 64>;

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
  var count = 0.0;
  for (var i = lane; i < params.pixels; i += SIZE) {
    let value = x[i * params.pixel + channel * params.map];
    // Its bits say so: compilers may assume that floats are numbers.
    if ((bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) {
      count += 1.0;
    } else {
      least = min(least, value);
      most = max(most, value);
    }
  }
  low[lane] = least;
  high[lane] = most;
  strange[lane] = count;
  workgroupBarrier();
  for (var step = SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      low[lane] = min(low[lane], low[lane + step]);
      high[lane] = max(high[lane], high[lane + step]);
      strange[lane] += strange[lane + step];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    let finite = low[0] <= high[0];
    ranges[3u * channel] = select(0.0, low[0], finite);
    ranges[3u * channel + 1u] = select(0.0, high[0], finite);
    ranges[3u * channel + 2u] = strange[0];
  }
}

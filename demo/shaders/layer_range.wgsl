// Smallest and largest finite value of a whole layer, and how many are not finite, from those of its maps.
//
//   params  channels = C
//   ranges  [C + 1, 3]: minimum, maximum and number of strange values of each map; the last three are written: the layer's
//
// One workgroup computes everything.

struct Params {
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ranges: array<f32>;

const SIZE = 64u;

var<workgroup> low: array<f32, 64>;
var<workgroup> high: array<f32, 64>;
var<workgroup> strange: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var least = 3.4e38;
  var most = -3.4e38;
  var count = 0.0;
  for (var i = lane; i < params.channels; i += SIZE) {
    least = min(least, ranges[3u * i]);
    most = max(most, ranges[3u * i + 1u]);
    count += ranges[3u * i + 2u];
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
    ranges[3u * params.channels] = low[0];
    ranges[3u * params.channels + 1u] = high[0];
    ranges[3u * params.channels + 2u] = strange[0];
  }
}

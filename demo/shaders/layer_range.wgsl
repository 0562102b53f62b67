// Smallest and largest value of a whole layer, from those of its maps.
//
//   params  channels = C
//   ranges  [C + 1, 2]: minimum and maximum of each map; the last pair is written: those of the layer
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

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var least = 3.4e38;
  var most = -3.4e38;
  for (var i = lane; i < params.channels; i += SIZE) {
    least = min(least, ranges[2u * i]);
    most = max(most, ranges[2u * i + 1u]);
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
    ranges[2u * params.channels] = low[0];
    ranges[2u * params.channels + 1u] = high[0];
  }
}

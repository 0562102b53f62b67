// Takes the range of a histogram from the extremes that a summary of channels holds.
//
//   summary  [10, channels]  as statistics_merge.wgsl keeps it
//   range    [ranges, 4]     least and largest value, bins / (largest − least), 0; one range a channel, or one for all
//
// One workgroup computes 64 ranges.

struct Params {
  channels: u32,
  ranges: u32, // channels, or 1
  bins: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> summary: array<u32>;
@group(0) @binding(2) var<storage, read_write> range: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.ranges) {
    return;
  }
  let c = params.channels;
  var low = bitcast<f32>(summary[6u * c + id.x]);
  var high = bitcast<f32>(summary[7u * c + id.x]);
  if (params.ranges < c) {
    for (var channel = 1u; channel < c; channel++) {
      low = min(low, bitcast<f32>(summary[6u * c + channel]));
      high = max(high, bitcast<f32>(summary[7u * c + channel]));
    }
  }
  range[id.x] = vec4<f32>(low, high, select(0.0, params.bins / (high - low), high > low), 0.0);
}

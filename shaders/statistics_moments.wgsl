// Turns a summary of channels into numbers for people and renderers.
//
//   summary  [10, channels]  as statistics_merge.wgsl keeps it
//   y        [5, channels]   mean, variance (of the population), minimum, maximum, fraction of zeros; 0 where none was seen
//
// One workgroup computes 64 channels.

struct Params {
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> summary: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  let c = params.channels;
  if (channel >= c) {
    return;
  }
  let count = max(f32(summary[c + channel]) * 4294967296.0 + f32(summary[channel]), 1.0);
  let zeros = f32(summary[9u * c + channel]) * 4294967296.0 + f32(summary[8u * c + channel]);
  y[channel] = bitcast<f32>(summary[2u * c + channel]);
  y[c + channel] = bitcast<f32>(summary[4u * c + channel]) / count;
  y[2u * c + channel] = bitcast<f32>(summary[6u * c + channel]);
  y[3u * c + channel] = bitcast<f32>(summary[7u * c + channel]);
  y[4u * c + channel] = zeros / count;
}

// Merges a batch's co-moments of the channels into those that last from batch to batch:
// comoments = comoments + y + δ·δᵀ·nₐ·n_b / (nₐ + n_b), with δ the difference of the means.
//
//   summary    [10, channels]        statistics before the batch, as statistics_merge.wgsl keeps them
//   batch      [10, channels]        statistics of the batch
//   y          [channels, channels]  Σ (x − mean)ᵀ·(x − mean) of the batch
//   comoments  [channels, channels]
//
// Where accumulate is 0, what comoments holds is forgotten. One workgroup computes 64 consecutive elements.

struct Params {
  channels: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> summary: array<u32>;
@group(0) @binding(2) var<storage, read> batch: array<u32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> comoments: array<f32>;

fn delta(channel: u32) -> f32 {
  let c = params.channels;
  return (bitcast<f32>(batch[2u * c + channel]) - bitcast<f32>(summary[2u * c + channel])) +
    (bitcast<f32>(batch[3u * c + channel]) - bitcast<f32>(summary[3u * c + channel]));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  let c = params.channels;
  if (id >= c * c) {
    return;
  }
  let a = f32(summary[c]) * 4294967296.0 + f32(summary[0]);
  let b = f32(batch[c]) * 4294967296.0 + f32(batch[0]);
  var sum = y[id];
  if (params.accumulate == 1u && a > 0.0) {
    sum += comoments[id] + delta(id / c) * delta(id % c) * (a * (b / (a + b)));
  }
  comoments[id] = sum;
}

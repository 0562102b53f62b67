// The gradient of best_match.wgsl's terms to a, times a weight: what of the guide matches best.
//
//   y     [guides, channels]
//   best  [places]
//   da    [places, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  elements: u32,
  channels: u32,
  weight: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> best: array<u32>;
@group(0) @binding(3) var<storage, read_write> da: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.elements) {
    return;
  }
  let slope = params.weight * y[best[i / params.channels] * params.channels + i % params.channels];
  da[i] = select(slope, da[i] + slope, params.accumulate == 1u);
}

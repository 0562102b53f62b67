// The gradient of margin.wgsl's terms to a, times a weight: 1 at the class, −1 at the strongest other.
//
//   best  [N]            as margin.wgsl leaves it
//   da    [N, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  elements: u32, // of da
  channels: u32,
  asked: u32,
  weight: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> best: array<u32>;
@group(0) @binding(2) var<storage, read_write> da: array<f32>;

const NONE = 0xffffffffu;

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
  let channel = i % params.channels;
  let other = best[i / params.channels];
  var slope = 0.0;
  if (other != NONE) {
    slope = params.weight * (f32(channel == params.asked) - f32(channel == other));
  }
  da[i] = select(slope, da[i] + slope, params.accumulate == 1u);
}

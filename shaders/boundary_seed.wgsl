// The gradient, to a network's scores, of the difference between a candidate's score and that of the class that a picture has.
//
//   pairs  [N, candidates, 2]  channels whose scores are added and subtracted, or NONE
//   dy     [N, channels]       1 and -1 there, 0 elsewhere
//
// One workgroup writes 256 consecutive elements.

struct Params {
  size: u32, // N·channels
  channels: u32,
  candidates: u32,
  candidate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> dy: array<f32>;

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
  let pair = pairs[i / params.channels * params.candidates + params.candidate];
  let channel = i % params.channels;
  dy[i] = select(0.0, 1.0, channel == pair.x) - select(0.0, 1.0, channel == pair.y);
}

// Fills a layer with its own activations, some channels set to zero: those that are not kept in the trial whose turn it is.
//
//   a      [N, ..., C]  activations, kept beside
//   keep   [T, C]       1 where a channel stays in a trial, 0 where it goes
//   trial  [1]          number of the trial
//   y      [N, ..., C]  the layer
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // elements of a
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> keep: array<u32>;
@group(0) @binding(3) var<storage, read> trial: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

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
  y[i] = select(0.0, a[i], keep[trial[0] * params.channels + i % params.channels] == 1u);
}

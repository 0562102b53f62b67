// Fills a batch with copies of an image in which random segments are hidden behind a colour of their own (LIME, Ribeiro
// et al. 2016).
//
//   x         [H, W, C]     the image, as the network takes it
//   labels    [H, W]        number of each pixel's segment, from 0
//   fills     [S, C]        what hides each segment
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample means nothing
//
// Sample 0 hides nothing; in the others each segment shows with probability ½, a function of (seed, sample, segment).
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,     // elements of x
  channels: u32,
  images: u32,   // N
  seed: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> fills: array<f32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size * params.images) {
    return;
  }
  let element = i % params.size;
  let sample = position[0] + i / params.size;
  let segment = labels[element / params.channels];
  let shown = sample == 0u || drawn(params.seed, sample, segment) >> 31u == 1u;
  y[i] = select(fills[segment * params.channels + element % params.channels], x[element], shown);
}

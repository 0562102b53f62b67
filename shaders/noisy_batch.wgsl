// Fills a batch with noisy copies of one image: y = x + sigma·ε, ε standard normal and a function of (seed, sample,
// element).
//
//   x         [H, W, C]     the image, as the network takes it
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample is noisy too and means nothing
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of x
  images: u32, // N
  seed: u32,
  sigma: f32,  // in units of x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
  y[i] = x[element] + params.sigma * gaussian(drawn(params.seed, sample, element));
}

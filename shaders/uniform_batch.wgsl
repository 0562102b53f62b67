// Fills a batch with copies of one image less uniform noise: y = x − radius·u, u in (−1, 1) and a function of (seed,
// sample, element) (Yeh et al. 2019, arXiv:1901.09392).
//
//   x         [H, W, C]     the image, as the network takes it
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample means nothing
//
// Sample 0 is the image as it stands. A 32-bit integer hash gives 24 bits, and u the midpoint of their cell in (−1, 1).
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of x
  images: u32, // N
  seed: u32,
  radius: f32, // in units of x
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
  let u = symmetric(drawn(params.seed, sample, element));
  y[i] = x[element] - select(params.radius * u, 0.0, sample == 0u);
}

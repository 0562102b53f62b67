// Fills a batch with points of the straight line from a baseline to an image: y = x′ + α·(x − x′).
//
//   x         [H, W, C]     the image, as the network takes it
//   baseline  [H, W, C]     x′
//   alphas    [samples]     where on the line each sample lies, 0 to 1
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample repeats it
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of x
  images: u32, // N
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> baseline: array<f32>;
@group(0) @binding(3) var<storage, read> alphas: array<f32>;
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
  let sample = position[0] + min(i / params.size, position[1] - 1u);
  let alpha = alphas[sample];
  // Exact at both ends.
  y[i] = select(mix(baseline[element], x[element], alpha), x[element], alpha == 1.0);
}

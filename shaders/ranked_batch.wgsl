// Fills a batch with an image of which only the pixels of some ranks show (insertion and deletion, Petsiuk et al. 2018,
// section 4.2).
//
//   x         [H, W, C]     the image, as the network takes it
//   bases     [2, H, W, C]  what shows in place of the other pixels
//   ranks     [H, W]        place of each pixel in a ranking, from 0
//   plan      [samples, 5]  of each sample: which base, the first rank that shows, the first that shows no more, and by how
//                           many rows and columns the ranking is moved, round the edges
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample means nothing
//
// One workgroup computes 256 consecutive pixels.

struct Params {
  image: vec2<u32>, // H, W
  channels: u32,
  images: u32,      // N
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bases: array<f32>;
@group(0) @binding(3) var<storage, read> ranks: array<u32>;
@group(0) @binding(4) var<storage, read> plan: array<u32>;
@group(0) @binding(5) var<storage, read> position: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  let pixels = params.image.x * params.image.y;
  if (i >= pixels * params.images) {
    return;
  }
  let pixel = i % pixels;
  let at = 5u * (position[0] + i / pixels);
  let row = (pixel / params.image.y + plan[at + 3u]) % params.image.x;
  let column = (pixel % params.image.y + plan[at + 4u]) % params.image.y;
  let rank = ranks[row * params.image.y + column];
  let shows = rank >= plan[at + 1u] && rank < plan[at + 2u];
  let base = (plan[at] * pixels + pixel) * params.channels;
  for (var c = 0u; c < params.channels; c++) {
    y[i * params.channels + c] = select(bases[base + c], x[pixel * params.channels + c], shows);
  }
}

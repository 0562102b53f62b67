// Fills a batch with an image seen through the maps of a layer, one a sample: y = x·(M − min M)/(max M − min M), M the
// enlarged map; a constant map hides everything (Score-CAM, Wang et al. 2020).
//
//   x         [H, W, K]     the image, as the network takes it
//   a         [1, h, w, C]  activations of a layer; sample n shows its map n
//   ranges    [C, 2]        least and largest value of each enlarged map
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, K]  the batch; what is beyond the last sample repeats it
//
// Maps are bilinear between the centres of the layer's cells. One workgroup computes 256 consecutive elements.

struct Params {
  maps: vec2<u32>,  // h, w
  image: vec2<u32>, // H, W
  channels: u32,    // C
  colors: u32,     // K
  images: u32,      // N
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> ranges: array<f32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  let size = params.image.x * params.image.y * params.colors;
  if (i >= size * params.images) {
    return;
  }
  let map = position[0] + min(i / size, position[1] - 1u);
  let element = i % size;
  let pixel = element / params.colors;
  let least = ranges[2u * map];
  let span = ranges[2u * map + 1u] - least;
  var share = 0.0;
  if (span > 0.0) {
    share = (enlarged(vec2(pixel / params.image.y, pixel % params.image.y), map) - least) / span;
  }
  y[i] = x[element] * share;
}

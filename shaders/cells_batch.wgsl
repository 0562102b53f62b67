// Fills a batch with copies of an image in which some cells of a grid are replaced (the features of a subset at a
// baseline value; Bhatt et al. 2020, definition 3).
//
//   x         [H, W, C]         the image, as the network takes it
//   base      [H, W, C]         what takes its place
//   hidden    [samples, words]  one bit a cell, row by row from the lowest bit: 1 replaces it
//   position  [2]               number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]      the batch; what is beyond the last sample means nothing
//
// Pixel (row, column) is in cell (⌊row·s/H⌋, ⌊column·s/W⌋) of s×s. One workgroup computes 256 consecutive pixels.

struct Params {
  image: vec2<u32>, // H, W
  channels: u32,
  images: u32,      // N
  grid: u32,        // s
  words: u32,       // ⌈s²/32⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> base: array<f32>;
@group(0) @binding(3) var<storage, read> hidden: array<u32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

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
  let place = vec2<u32>(pixel / params.image.y, pixel % params.image.y) * params.grid / params.image;
  let cell = place.x * params.grid + place.y;
  let word = hidden[(position[0] + i / pixels) * params.words + cell / 32u];
  let hides = ((word >> (cell % 32u)) & 1u) == 1u;
  for (var c = 0u; c < params.channels; c++) {
    let element = pixel * params.channels + c;
    y[i * params.channels + c] = select(x[element], base[element], hides);
  }
}

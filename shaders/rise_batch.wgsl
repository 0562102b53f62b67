// Fills a batch with an image behind random smooth masks: y = M·x + (1 − M)·fill (RISE, Petsiuk et al. 2018, section
// 3.2).
//
//   x         [H, W, C]     the image, as the network takes it
//   fill      [C]           what shows where a mask is 0
//   position  [2]           number of the batch's first sample, and how many samples it has
//   masks     [N, H, W]     the masks of this batch
//   y         [N, H, W, C]  the batch; what is beyond the last sample is masked too and means nothing
//
// A mask is a grid of s×s cells, each 1 with a given probability, enlarged bilinearly to (s + 1)·⌈H/s⌉ × (s + 1)·⌈W/s⌉
// and cut out from a random offset of less than a cell. All of it is a function of (seed, sample).
// One workgroup computes 256 consecutive pixels.

struct Params {
  image: vec2<u32>, // H, W
  cell: vec2<u32>,  // ⌈H/s⌉, ⌈W/s⌉
  channels: u32,
  images: u32,      // N
  grid: u32,        // s
  seed: u32,
  threshold: u32,   // 2²⁴ times a cell's probability of 1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> fill: array<f32>;
@group(0) @binding(3) var<storage, read> position: array<u32>;
@group(0) @binding(4) var<storage, read_write> masks: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

fn cellAt(cell: vec2<u32>, key: u32) -> f32 {
  let bits = hash(hash(cell.x * params.grid + cell.y) ^ key) >> 8u;
  return select(0.0, 1.0, bits < params.threshold);
}

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
  let key = hash((position[0] + i / pixels) ^ hash(params.seed));
  let cells = params.grid * params.grid;
  let offset = vec2<u32>(hash(hash(cells) ^ key), hash(hash(cells + 1u) ^ key)) % params.cell;
  let here = vec2<u32>(pixel / params.image.y, pixel % params.image.y) + offset;
  let size = vec2<f32>((params.grid + 1u) * params.cell);
  let n = neighbours((vec2<f32>(here) + 0.5) * f32(params.grid) / size - 0.5, vec2<u32>(params.grid - 1u));
  let top = mix(cellAt(n.low, key), cellAt(vec2(n.low.x, n.high.y), key), n.share.y);
  let bottom = mix(cellAt(vec2(n.high.x, n.low.y), key), cellAt(n.high, key), n.share.y);
  let mask = mix(top, bottom, n.share.x);
  masks[i] = mask;
  for (var c = 0u; c < params.channels; c++) {
    y[i * params.channels + c] = mix(fill[c], x[pixel * params.channels + c], mask);
  }
}

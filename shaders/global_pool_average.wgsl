// y = the mean of each channel over the whole image.
//
//   x  [N, pixels, channels]
//   y  [N, channels]
//
// One workgroup computes 16 channels of one image.

struct Params {
  pixels: u32,   // height·width
  channels: u32,
  tiles: u32,    // ⌈channels / 16⌉
  groups: u32,   // N·tiles
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const LANES = 16u;  // neighbouring channels, read together
const STRIPS = 16u; // each sums every 16th pixel

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.groups) {
    return;
  }
  let image = id / params.tiles;
  let lane = thread % LANES;
  let strip = thread / LANES;
  let channel = (id % params.tiles) * LANES + lane;
  let base = image * params.pixels * params.channels + channel;
  var sum = 0.0;
  if (channel < params.channels) {
    for (var p = strip; p < params.pixels; p += STRIPS) {
      sum += x[base + p * params.channels];
    }
  }
  sums[thread] = sum;
  workgroupBarrier();
  if (strip != 0u || channel >= params.channels) {
    return;
  }
  for (var s = 1u; s < STRIPS; s++) {
    sum += sums[s * LANES + lane];
  }
  y[image * params.channels + channel] = sum / f32(params.pixels);
}

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

alias Value = f32; // of the shared blocks

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
  let strip = stripOf(id, thread);
  var sum = 0.0;
  if (strip.channel < params.channels) {
    for (var p = strip.first; p < params.pixels; p += STRIPS) {
      sum += x[strip.base + p * params.channels];
    }
  }
  sum = sumOfStrips(thread, sum);
  if (strip.first != 0u || strip.channel >= params.channels) {
    return;
  }
  y[strip.image * params.channels + strip.channel] = sum / f32(params.pixels);
}

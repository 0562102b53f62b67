// Gradient to an input that was broadcast over the pixels: dx = Σ over pixels of dy·x, or of dy where it was a term.
//
//   x   [N, pixels, channels]  the other factor; unused unless FACTOR
//   dy  [N, pixels, channels]
//   dx  [N, channels]
//
// One workgroup computes 16 channels of one image.

struct Params {
  pixels: u32,   // height·width
  channels: u32,
  tiles: u32,    // ⌈channels / 16⌉
  groups: u32,   // N·tiles
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override FACTOR: bool = true;

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
      let i = strip.base + p * params.channels;
      if (FACTOR) {
        sum += dy[i] * x[i];
      } else {
        sum += dy[i];
      }
    }
  }
  sum = sumOfStrips(thread, sum);
  if (strip.first != 0u || strip.channel >= params.channels) {
    return;
  }
  let o = strip.image * params.channels + strip.channel;
  if (params.accumulate == 1u) {
    sum += dx[o];
  }
  dx[o] = sum;
}

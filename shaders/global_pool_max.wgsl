// y = the largest value of each channel over the whole image, and which pixel it is.
//
//   x       [N, pixels, channels]
//   y       [N, channels]
//   argmax  [N, channels]  the winner's pixel, the first among equals; untouched unless ARGMAX
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
@group(0) @binding(3) var<storage, read_write> argmax: array<u32>;

override ARGMAX: bool = true;

const LANES = 16u;  // neighbouring channels, read together
const STRIPS = 16u; // each searches every 16th pixel

var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

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
  var winner = min(strip.first, params.pixels - 1u);
  var best = 0.0;
  if (strip.channel < params.channels) {
    best = x[strip.base + winner * params.channels];
    for (var p = strip.first; p < params.pixels; p += STRIPS) {
      let value = x[strip.base + p * params.channels];
      if (value > best) {
        best = value;
        winner = p;
      }
    }
  }
  values[thread] = best;
  places[thread] = winner;
  workgroupBarrier();
  if (strip.first != 0u || strip.channel >= params.channels) {
    return;
  }
  for (var s = 1u; s < STRIPS; s++) {
    let value = values[s * LANES + thread];
    let place = places[s * LANES + thread];
    if (value > best || (value == best && place < winner)) {
      best = value;
      winner = place;
    }
  }
  let o = strip.image * params.channels + strip.channel;
  y[o] = best;
  if (ARGMAX) {
    argmax[o] = winner;
  }
}

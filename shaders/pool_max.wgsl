// y = the largest value under a sliding window, and which pixel it is.
//
//   x       [N, inSize, channels]
//   y       [N, outSize, channels]
//   argmax  [N, outSize, channels]  row·width + column of the winner, the first among equals; untouched unless ARGMAX
//
// Padding never wins. One workgroup computes 256 consecutive elements of y.

struct Params {
  inSize: vec2<u32>,  // height, width of x
  outSize: vec2<u32>, // height, width of y
  window: vec2<u32>,
  strides: vec2<u32>,
  dilation: vec2<u32>,
  before: vec2<u32>,  // padding above and to the left
  channels: u32,
  size: u32,          // elements of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> argmax: array<u32>;

override ARGMAX: bool = true;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let channel = i % params.channels;
  let pixel = i / params.channels;
  let row = pixel / params.outSize.y;
  let image = row / params.outSize.x;
  let under = pixelsUnder(vec2<u32>(row % params.outSize.x, pixel % params.outSize.y));
  let step = tapStep();

  let base = image * params.inSize.x * params.inSize.y;
  var winner = under.first.x * params.inSize.y + under.first.y;
  var best = x[(base + winner) * params.channels + channel];
  for (var v = under.first.x; v < under.end.x; v += step.x) {
    for (var u = under.first.y; u < under.end.y; u += step.y) {
      let place = v * params.inSize.y + u;
      let value = x[(base + place) * params.channels + channel];
      if (value > best) {
        best = value;
        winner = place;
      }
    }
  }
  y[i] = best;
  if (ARGMAX) {
    argmax[i] = winner;
  }
}

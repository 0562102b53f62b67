// Depthwise convolution, and its gradient to the input, as one gather: every output element sums taps of one channel.
//
//   x  [batch, inHeight, inWidth, inChannels]
//   w  [kernel rows, kernel columns, filters]      filters = the larger of inChannels and outChannels
//   b  [outChannels]                               bias; unused where BIAS is false
//   a  [batch, outHeight, outWidth, outChannels]   backward: the activation whose gradient y is; unused where GATE is 0
//   rules  [slots]                                 codes of backward rules (activation_gradient.wgsl); unused likewise
//   y  [batch, outHeight, outWidth, outChannels]   backward: the gradient to the input, or to what that is the
//                                                  activation of
//
// Forward, output channel c reads input channel c / multiplier by filter c; backward, it sums filters
// c · multiplier … of the gradient's channels of the same numbers. Along each axis, tap k of output row r reads input row
// (r · scale + k · dilation + offset) / phases, where that is whole (see conv2d.wgsl).
// One workgroup computes 64 runs of PIXELS chunks of y, next to each other in a row, one run a thread, which reads a tap's
// weights once for all of them. Channels go in chunks of four where the multiplier is 1 and their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  size: u32,         // runs
  runs: u32,         // of a row: outSize.y / PIXELS, rounded up
  inChunks: u32,
  outChunks: u32,
  multiplier: u32,
  slot: u32,         // which of the rules counts
  alpha: f32,        // slope of leaky ReLU below zero, of ACTIVATION or GATE
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read> a: array<Chunk>;
@group(0) @binding(5) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
const PIXELS = 4u;

override BACKWARD: bool = false;
override PHASED: bool = false; // whether phases differ from 1
override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to y
// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh
override ACTIVATION: u32 = 0u;
override GATE: u32 = 0u; // the activation through which y is taken back by its rule, numbered alike

fn activate(z: Chunk) -> Chunk {
  switch ACTIVATION {
    case 1u: { return max(z, Chunk(0.0)); }
    case 2u: { return clamp(z, Chunk(0.0), Chunk(6.0)); }
    case 3u: { return select(params.alpha * z, z, z > Chunk(0.0)); }
    case 4u: { return Chunk(1.0) / (Chunk(1.0) + exp(-z)); }
    case 5u: { return tanh(clamp(z, Chunk(-20.0), Chunk(20.0))); } // some drivers overflow beyond
    default: { return z; }
  }
}

fn slope(v: Chunk) -> Chunk {
  let open = select(Chunk(), Chunk(1.0), v > Chunk());
  switch GATE {
    case 1u: { return open; }
    case 2u: { return select(Chunk(), open, v < Chunk(6.0)); }
    case 3u: { return select(Chunk(params.alpha), Chunk(1.0), v > Chunk()); }
    case 4u: { return v * (Chunk(1.0) - v); }
    case 5u: { return Chunk(1.0) - v * v; }
    default: { return Chunk(1.0); }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.size) {
    return;
  }
  let channel = i % params.outChunks;
  let run = i / params.outChunks;
  let line = run / params.runs; // of all images
  let n = line / params.outSize.x;
  let begin = (run % params.runs) * PIXELS;
  let row0 = i32(line % params.outSize.x) * params.scale.x + params.offset.x;
  let column0 = i32(begin) * params.scale.y + params.offset.y;
  let filters = max(params.inChunks, params.outChunks);
  // Forward, one source channel and one filter; backward, as many as the multiplier says.
  let source = select(channel / params.multiplier, channel * params.multiplier, BACKWARD);
  let filter0 = select(channel, source, BACKWARD);
  let count = select(1u, params.multiplier, BACKWARD);

  var acc: array<Chunk, PIXELS>;
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    var row = row0 + ky * params.dilation.x;
    var rowInside = true;
    if (PHASED) {
      rowInside = row % params.phases.x == 0;
      row /= params.phases.x;
    }
    rowInside &= row >= 0 && row < i32(params.inSize.x);
    let line0 = select(0u, (n * params.inSize.x + u32(row)) * params.inSize.y, rowInside);
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tap = u32(ky * i32(params.kernel.y) + kx) * filters + filter0;
      for (var m = 0u; m < count; m++) {
        let weights = w[tap + m];
        for (var p = 0u; p < PIXELS; p++) {
          var column = column0 + i32(p) * params.scale.y + kx * params.dilation.y;
          var inside = rowInside;
          if (PHASED) {
            inside &= column % params.phases.y == 0;
            column /= params.phases.y;
          }
          inside &= column >= 0 && column < i32(params.inSize.y);
          let at = (line0 + select(0u, u32(column), inside)) * params.inChunks + source + m;
          acc[p] = fma(select(Chunk(), x[at], inside), weights, acc[p]);
        }
      }
    }
  }

  var bias = Chunk();
  if (BIAS) {
    bias = b[channel];
  }
  let rule = select(4u, rules[params.slot], GATE != 0u);
  let start = (line * params.outSize.y + begin) * params.outChunks + channel;
  for (var p = 0u; p < PIXELS; p++) {
    if (begin + p < params.outSize.y) {
      let at = start + p * params.outChunks;
      var z = activate(acc[p] + bias);
      if (rule == 1u || rule == 2u) {
        z = max(z, Chunk());
      }
      if (rule <= 1u) {
        z *= slope(a[at]);
      }
      if (ACCUMULATE) {
        z += y[at];
      }
      y[at] = z;
    }
  }
}

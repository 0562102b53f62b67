// Depthwise convolution, and its gradient to the input, as one gather: every output element sums taps of one channel.
//
//   x  [batch, inHeight, inWidth, inChannels]
//   w  [kernel rows, kernel columns, filters]      filters = the larger of inChannels and outChannels
//   b  [outChannels]                               bias; unused where BIAS is false
//   a  [batch, outHeight, outWidth, outChannels]   backward: the activation whose gradient y is, unless GRADIENT_OF is 0
//   rules  [slots]                                 codes of backward rules (blocks/backward_rule.wgsl); unused likewise
//   y  [batch, outHeight, outWidth, outChannels]   backward: the gradient to the input, or to what that is the
//                                                  activation of
//
// Forward, output channel c reads input channel c / multiplier by filter c; backward, it sums filters
// c · multiplier … of the gradient's channels of the same numbers. Along each axis, tap k of output row r reads input
// row (r · scale + k · dilation + offset) / phases, where that is whole (see conv2d.wgsl).
// One workgroup computes 64 runs of four chunks of y, next to each other in a row, one run a thread, which reads a tap's
// weights once for all of them, and x once where runs slide along it. Channels go in chunks of four where the multiplier
// is 1 and their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  size: u32,         // runs
  runs: u32,         // of a row: outSize.y / 4, rounded up
  inChunks: u32,
  outChunks: u32,
  multiplier: u32,
  slot: u32,         // which of the rules counts
  alpha: f32,        // of the activation, ACTIVATION or GRADIENT_OF
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read> a: array<Chunk>;
@group(0) @binding(5) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
alias Value = Chunk; // of the shared blocks

override BACKWARD: bool = false;
override PHASED: bool = false; // whether phases differ from 1
override SLIDING: bool = false; // whether pixels and taps step alike along a row: scale.y = |dilation.y|
override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to y

// x at a column of the row that begins with pixel `line`, zero outside.
fn fetch(line: u32, inRow: bool, column: i32, channel: u32) -> Chunk {
  var at = column;
  var inside = inRow;
  if (PHASED) {
    inside &= at % params.phases.y == 0;
    at /= params.phases.y;
  }
  inside &= at >= 0 && at < i32(params.inSize.y);
  return select(Chunk(), x[(line + select(0u, u32(at), inside)) * params.inChunks + channel], inside);
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
  let begin = (run % params.runs) * 4u;
  let row0 = i32(line % params.outSize.x) * params.scale.x + params.offset.x;
  let filters = max(params.inChunks, params.outChunks);
  // Forward, one source channel and one filter; backward, as many as the multiplier says.
  let source = select(channel / params.multiplier, channel * params.multiplier, BACKWARD);
  let filter0 = select(channel, source, BACKWARD);
  let count = select(1u, params.multiplier, BACKWARD);

  // Columns that the four pixels read. Along the row taps go from left to right, so that one may slide over the next.
  let columns = i32(params.kernel.y);
  let reversed = params.dilation.y < 0;
  let step = abs(params.dilation.y);
  let left = select(0, (columns - 1) * params.dilation.y, reversed) + params.offset.y;
  let column0 = vec4<i32>(i32(begin)) * params.scale.y + left + vec4<i32>(0, 1, 2, 3) * params.scale.y;

  // Variables, not arrays: those that a loop runs over, some compilers keep in memory.
  var z0 = Chunk();
  var z1 = Chunk();
  var z2 = Chunk();
  var z3 = Chunk();
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    var row = row0 + ky * params.dilation.x;
    var inRow = true;
    if (PHASED) {
      inRow = row % params.phases.x == 0;
      row /= params.phases.x;
    }
    inRow &= row >= 0 && row < i32(params.inSize.x);
    let line0 = select(0u, (n * params.inSize.x + u32(row)) * params.inSize.y, inRow);
    for (var m = 0u; m < count; m++) {
      let from0 = source + m;
      var v1 = Chunk();
      var v2 = Chunk();
      var v3 = Chunk();
      if (SLIDING) {
        v1 = fetch(line0, inRow, column0.x, from0);
        v2 = fetch(line0, inRow, column0.y, from0);
        v3 = fetch(line0, inRow, column0.z, from0);
      }
      for (var k = 0; k < columns; k++) {
        let kx = select(k, columns - 1 - k, reversed);
        let weights = w[u32(ky * columns + kx) * filters + filter0 + m];
        let column = column0 + k * step;
        var v0 = v1;
        if (SLIDING) {
          v1 = v2;
          v2 = v3;
        } else {
          v0 = fetch(line0, inRow, column.x, from0);
          v1 = fetch(line0, inRow, column.y, from0);
          v2 = fetch(line0, inRow, column.z, from0);
        }
        v3 = fetch(line0, inRow, column.w, from0);
        z0 = fma(v0, weights, z0);
        z1 = fma(v1, weights, z1);
        z2 = fma(v2, weights, z2);
        z3 = fma(v3, weights, z3);
      }
    }
  }

  let start = (line * params.outSize.y + begin) * params.outChunks + channel;
  finish(start, channel, z0, true);
  finish(start + params.outChunks, channel, z1, begin + 1u < params.outSize.y);
  finish(start + 2u * params.outChunks, channel, z2, begin + 2u < params.outSize.y);
  finish(start + 3u * params.outChunks, channel, z3, begin + 3u < params.outSize.y);
}

// Sibling of conv2d.wgsl with the same bindings, for input and output channels in fours: a workgroup stages what it
// reads of x and w in workgroup memory, so that neither is read again by each of its threads. For GPUs whose caches
// serve less.
// Two-dimensional convolution as an implicit matrix product of pixels by weights, and its gradient to the input:
// y[n, r, c, :] = activation(b + Σ over taps and channels of x[n, row, column, :] · w[tap, :, :]), zero outside of x.
//
//   x  [batch, inHeight, inWidth, inChannels]     forward: the input; backward: the gradient to the output
//   w  [blocks, kernel rows · columns · inChannels / groups, BLOCK]  weights, in blocks of output channels, zero-padded
//   b  [outChannels]                              bias; unused where BIAS is false
//   a  [batch, outHeight, outWidth, outChannels]  backward: the activation whose gradient y is, unless GRADIENT_OF is 0
//   rules  [slots]                                codes of backward rules (blocks/backward_rule.wgsl); unused likewise
//   y  [batch, outHeight, outWidth, outChannels]  forward: the output; backward: the gradient to the input, or to what
//                                                 the input is the activation of
//
// Along each axis, tap k of output row r reads input row (r · scale + k · dilation + offset) / phases, where that is
// whole: forward, scale is the stride, dilation positive and phases 1; backward, scale is 1, dilation negative and
// phases the stride. Output rows of one phase (r mod phases) read the same taps, so each is computed apart and no tap
// is tried in vain.
// With groups, output channels read the input channels of their own group alone.
// One workgroup computes 64 pixels of one phase by 64 output channels, in steps of 16 products along a tap's input channels;
// one thread keeps 4 by 8 of them.

struct Params {
  inSize: vec2<u32>,   // height, width
  outSize: vec2<u32>,
  grid: vec2<u32>,     // rows and columns of one phase: outSize / phases, rounded up
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  batch: u32,
  inChunks: u32,       // input channels of a group / 4
  inStride: u32,       // input channels / 4
  outChunks: u32,      // output channels / 4
  groupChunks: u32,    // output channels of a group / 4; tiles do not straddle groups
  tiles: u32,          // workgroups side by side over the output channels
  slot: u32,           // which of the rules counts
  alpha: f32,          // of the activation, ACTIVATION or GRADIENT_OF
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;

alias Value = vec4<f32>; // of the shared blocks
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16

override PHASED: bool = false; // whether phases differ from 1
override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to y

const LANES = 16u; // threads along the pixels
const CHANNEL_LANES = 8u;
const TILE = 64u; // pixels
const COLUMNS = 16u; // chunks of output channels
const CHUNKS = 4u; // of input channels in a step

var<workgroup> staged: array<vec4<f32>, CHUNKS * TILE>; // of x, chunk by chunk
var<workgroup> weights: array<vec4<f32>, CHUNKS * 4u * COLUMNS>; // input channel by input channel

/// Staged weights of four input channels (columns) to four output channels (rows).
fn weightsOf(chunk: u32, column: u32) -> mat4x4<f32> {
  let at = chunk * 4u * COLUMNS + column;
  return mat4x4<f32>(weights[at], weights[at + COLUMNS], weights[at + 2u * COLUMNS], weights[at + 3u * COLUMNS]);
}

@compute @workgroup_size(LANES, CHANNEL_LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let phase = vec2<i32>(i32(group.z) / params.phases.y, i32(group.z) % params.phases.y);
  let area = params.grid.x * params.grid.y;
  let first = (id / params.tiles) * TILE;
  let size = vec2<i32>(params.inSize);

  // What this thread stages: two chunks of one pixel of x, CHUNKS / 2 apart, and two chunks of w, half the step apart.
  let source = first + index % TILE;
  let image = source / area;
  let corner = vec2<i32>(vec2<u32>((source % area) / params.grid.y, source % params.grid.y)) * params.scale;
  let chunk = index / TILE;
  let stride = BLOCK / 4u;
  let depth = params.kernel.x * params.kernel.y * params.inChunks * 4u;
  let column = tile * COLUMNS + index % COLUMNS;
  let weight = (column / stride) * depth * stride + column % stride;
  let line = index / COLUMNS; // input channel of the step
  let begin = (tile * COLUMNS / params.groupChunks) * params.inChunks; // of the tile's group in a pixel of x

  var sum = mat4x4<f32>(); // a column a pixel
  var other = mat4x4<f32>(); // the same of eight chunks further
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    let ty = phase.x * params.scale.x + ky * params.dilation.x + params.offset.x;
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tx = phase.y * params.scale.y + kx * params.dilation.y + params.offset.y;
      if (PHASED && (ty % params.phases.x != 0 || tx % params.phases.y != 0)) {
        continue;
      }
      var at = corner + vec2<i32>(ty, tx);
      if (PHASED) {
        at = corner + vec2<i32>(ty, tx) / params.phases;
      }
      let inside = image < params.batch && all(at >= vec2<i32>(0)) && all(at < size);
      let pixel = select(0u, u32((i32(image) * size.x + at.x) * size.y + at.y) * params.inStride + begin, inside);
      let tap = (u32(ky) * params.kernel.y + u32(kx)) * params.inChunks * 4u;
      for (var step = 0u; step < params.inChunks; step += CHUNKS) {
        for (var half = 0u; half < CHUNKS; half += CHUNKS / 2u) {
          let k = step + half + chunk;
          let there = inside && k < params.inChunks;
          staged[(half + chunk) * TILE + index % TILE] = select(vec4<f32>(), x[pixel + select(0u, k, there)], there);
          // Beyond the last chunk of x, whose zeros these meet, they are other weights, or the last.
          let row = 4u * half + line;
          weights[row * COLUMNS + index % COLUMNS] = w[weight + (tap + 4u * step + row) * stride];
        }
        workgroupBarrier();
        for (var q = 0u; q < CHUNKS; q++) {
          let v = mat4x4<f32>(
            staged[q * TILE + thread.x],
            staged[q * TILE + thread.x + LANES],
            staged[q * TILE + thread.x + 2u * LANES],
            staged[q * TILE + thread.x + 3u * LANES],
          );
          sum += weightsOf(q, thread.y) * v;
          other += weightsOf(q, thread.y + CHANNEL_LANES) * v;
        }
        workgroupBarrier();
      }
    }
  }

  let mine = tile * COLUMNS + thread.y;
  let further = mine + CHANNEL_LANES;
  for (var p = 0u; p < 4u; p++) {
    let pixel = first + thread.x + p * LANES;
    let n = pixel / area;
    let q = vec2<u32>((pixel % area) / params.grid.y, pixel % params.grid.y);
    let position = q * vec2<u32>(params.phases) + vec2<u32>(phase);
    let place = ((n * params.outSize.x + position.x) * params.outSize.y + position.y) * params.outChunks;
    let live = n < params.batch && all(position < params.outSize);
    finish(place + mine, mine, sum[p], live && mine < params.outChunks);
    finish(place + further, further, other[p], live && further < params.outChunks);
  }
}

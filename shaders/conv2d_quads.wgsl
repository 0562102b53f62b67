// Sibling of conv2d.wgsl with the same bindings, for output channels in fours: tiles of four pixels by four channels as
// matrices, which every compiler keeps in registers; arrays that a loop runs over, some keep in memory.
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
// One workgroup computes LANES · 4 pixels of one phase by CHANNEL_LANES · COLUMNS chunks of four output channels; one thread
// keeps 4 by COLUMNS of them, all of one group. Input channels go in fours where their number allows, or else one by one.

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
  inChunks: u32,       // values of x that an output reads at a pixel: four channels each, or one where IN is 1
  inStride: u32,       // values of a pixel of x
  outChunks: u32,      // output channels / 4
  groupChunks: u32,    // output channels of a group / 4
  tiles: u32,          // workgroups side by side over the output channels
  slot: u32,           // which of the rules counts
  alpha: f32,          // of the activation, ACTIVATION or GRADIENT_OF
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;

alias Value = vec4<f32>; // of the shared blocks
alias In = vec4<f32>; // or f32, with IN = 1
const IN = 4u;
const COLUMNS = 2u; // or 1
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16

override LANES: u32 = 8u;
override CHANNEL_LANES: u32 = 8u;
override GROUPED: bool = false; // whether there are several groups
override PHASED: bool = false; // whether phases differ from 1
override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to y

/// A value of x; zero outside of it.
fn take(at: u32, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(x[at]), inside);
}

@compute @workgroup_size(LANES, CHANNEL_LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let phase = vec2<i32>(i32(group.z) / params.phases.y, i32(group.z) % params.phases.y);

  // Four pixels, one a component.
  let pixel = (id / params.tiles) * LANES * 4u + thread.x + vec4<u32>(0u, 1u, 2u, 3u) * LANES;
  let area = params.grid.x * params.grid.y;
  let n = pixel / area;
  let r = (pixel % area) / params.grid.y;
  let c = pixel % params.grid.y;
  let outRow = r * u32(params.phases.x) + u32(phase.x);
  let outColumn = c * u32(params.phases.y) + u32(phase.y);
  let place = ((n * params.outSize.x + outRow) * params.outSize.y + outColumn) * params.outChunks; // chunk of y
  let live = (n < vec4<u32>(params.batch)) & (outRow < vec4<u32>(params.outSize.x)) &
    (outColumn < vec4<u32>(params.outSize.y));
  let size = vec2<i32>(params.inSize);
  let top = vec4<i32>(r) * params.scale.x;
  let left = vec4<i32>(c) * params.scale.y;
  let image = vec4<i32>(n) * size.x;

  // Chunks of w that this thread reads: one or two, CHANNEL_LANES apart or, in groups, side by side; every BLOCK / 4.
  let stride = BLOCK / 4u;
  let depth = params.kernel.x * params.kernel.y * params.inChunks * IN;
  let lane = select(thread.y, 0u, CHANNEL_LANES == 1u);
  let column = tile * COLUMNS * CHANNEL_LANES + select(lane, lane * COLUMNS, GROUPED);
  let other = column + select(CHANNEL_LANES, 1u, GROUPED);
  let weight = (column / stride) * depth * stride + column % stride;
  let otherWeight = (other / stride) * depth * stride + other % stride;
  let begin = (column / params.groupChunks) * params.inChunks; // of its group in a pixel of x

  var sum = mat4x4<f32>(); // a column a pixel
  var otherSum = mat4x4<f32>();
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    let ty = phase.x * params.scale.x + ky * params.dilation.x + params.offset.x;
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tx = phase.y * params.scale.y + kx * params.dilation.y + params.offset.y;
      if (PHASED && (ty % params.phases.x != 0 || tx % params.phases.y != 0)) {
        continue;
      }
      let row = top + select(ty, ty / params.phases.x, PHASED);
      let col = left + select(tx, tx / params.phases.y, PHASED);
      let inside = live & (row >= vec4<i32>(0)) & (row < vec4<i32>(size.x)) & (col >= vec4<i32>(0)) &
        (col < vec4<i32>(size.y));
      let source = select(vec4<u32>(), vec4<u32>((image + row) * size.y + col) * params.inStride + begin, inside);
      var at = (u32(ky) * params.kernel.y + u32(kx)) * params.inChunks * IN * stride;
      for (var chunk = 0u; chunk < params.inChunks; chunk++) {
        let v0 = take(source.x + chunk, inside.x);
        let v1 = take(source.y + chunk, inside.y);
        let v2 = take(source.z + chunk, inside.z);
        let v3 = take(source.w + chunk, inside.w);
        if (IN == 4u) {
          let v = mat4x4<f32>(v0, v1, v2, v3);
          sum += weights(weight + at, stride) * v;
          if (COLUMNS == 2u) {
            otherSum += weights(otherWeight + at, stride) * v;
          }
        } else {
          let v = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
          sum += products(w[weight + at], v);
          if (COLUMNS == 2u) {
            otherSum += products(w[otherWeight + at], v);
          }
        }
        at += IN * stride;
      }
    }
  }

  let here = live & vec4<bool>(column < params.outChunks);
  finish(place.x + column, column, sum[0], here.x);
  finish(place.y + column, column, sum[1], here.y);
  finish(place.z + column, column, sum[2], here.z);
  finish(place.w + column, column, sum[3], here.w);
  if (COLUMNS == 2u) {
    let there = live & vec4<bool>(other < params.outChunks);
    finish(place.x + other, other, otherSum[0], there.x);
    finish(place.y + other, other, otherSum[1], there.y);
    finish(place.z + other, other, otherSum[2], there.z);
    finish(place.w + other, other, otherSum[3], there.w);
  }
}

enable subgroups;

// Sibling of conv2d.wgsl with the same bindings: the lanes of a subgroup (8 at least) read weights together, each a
// part, and hand them round, so that a weight is read once a subgroup and not once a lane.
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
// One workgroup computes LANES · PIXELS pixels of one phase by one block of output channels; one thread keeps the whole
// block for PIXELS pixels in registers. Channels go in chunks of four where their number allows.

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
  inChunks: u32,       // chunks of x that an output reads at a pixel: those of a group
  inStride: u32,       // chunks of a pixel of x
  outChunks: u32,
  groupChunks: u32,    // output chunks of a group; blocks do not straddle groups
  tiles: u32,          // workgroups side by side over the output channels
  slot: u32,           // which of the rules counts
  alpha: f32,          // of the activation, ACTIVATION or GRADIENT_OF
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In>;
@group(0) @binding(2) var<storage, read> w: array<Out>;
@group(0) @binding(3) var<storage, read> b: array<Out>;
@group(0) @binding(4) var<storage, read> a: array<Out>;
@group(0) @binding(5) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<Out>;

alias In = vec4<f32>; // or f32, with IN = 1
const IN = 4u;
alias Out = vec4<f32>; // or f32, with OUT = 1
const OUT = 4u;
alias Value = Out; // of the shared blocks
const PIXELS = 4u;
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16
const COLUMNS = BLOCK / OUT;
const SHARES = (IN * COLUMNS + 7u) / 8u; // chunks of w that a lane reads for one chunk of x

override LANES: u32 = 8u; // a multiple of the subgroup's
override PHASED: bool = false; // whether phases differ from 1
override BIAS: bool = true;
override ACCUMULATE: bool = false; // add to y

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let phase = vec2<i32>(i32(group.z) / params.phases.y, i32(group.z) % params.phases.y);
  let area = params.grid.x * params.grid.y;
  let first = (id / params.tiles) * LANES * PIXELS + thread;

  var image: array<i32, PIXELS>;
  var corner: array<vec2<i32>, PIXELS>;
  var place: array<u32, PIXELS>; // chunk at which the pixel of y begins
  var live: array<bool, PIXELS>;
  for (var p = 0u; p < PIXELS; p++) {
    let pixel = first + p * LANES;
    let n = pixel / area;
    let q = vec2<u32>((pixel % area) / params.grid.y, pixel % params.grid.y);
    let position = q * vec2<u32>(params.phases) + vec2<u32>(phase);
    image[p] = i32(n);
    corner[p] = vec2<i32>(q) * params.scale;
    place[p] = ((n * params.outSize.x + position.x) * params.outSize.y + position.y) * params.outChunks;
    live[p] = n < params.batch && all(position < params.outSize);
  }

  var acc: array<array<Out, COLUMNS>, PIXELS>;
  var weight = tile * params.kernel.x * params.kernel.y * params.inChunks * IN * COLUMNS; // chunk of w
  let begin = (tile * COLUMNS / params.groupChunks) * params.inChunks; // of the block's group in a pixel of x
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    let ty = phase.x * params.scale.x + ky * params.dilation.x + params.offset.x;
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tx = phase.y * params.scale.y + kx * params.dilation.y + params.offset.y;
      if (PHASED && (ty % params.phases.x != 0 || tx % params.phases.y != 0)) {
        weight += params.inChunks * IN * COLUMNS;
        continue;
      }
      var tap = vec2<i32>(ty, tx);
      if (PHASED) {
        tap /= params.phases;
      }
      var inside: array<bool, PIXELS>;
      var source: array<u32, PIXELS>;
      for (var p = 0u; p < PIXELS; p++) {
        let at = corner[p] + tap;
        inside[p] = live[p] && all(at >= vec2<i32>(0)) && all(at < vec2<i32>(params.inSize));
        let start = (image[p] * i32(params.inSize.x) + at.x) * i32(params.inSize.y) + at.y;
        source[p] = select(0u, u32(start) * params.inStride + begin, inside[p]);
      }
      for (var chunk = 0u; chunk < params.inChunks; chunk++) {
        var v: array<vec4<f32>, PIXELS>;
        for (var p = 0u; p < PIXELS; p++) {
          v[p] = select(vec4<f32>(), vec4<f32>(x[source[p] + chunk]), inside[p]);
        }
        var share: array<Out, SHARES>;
        for (var i = 0u; i < SHARES; i++) {
          share[i] = w[weight + 8u * i + lane % 8u];
        }
        for (var k = 0u; k < IN; k++) {
          for (var j = 0u; j < COLUMNS; j++) {
            let item = k * COLUMNS + j;
            let weights = subgroupShuffle(share[item / 8u], item % 8u);
            for (var p = 0u; p < PIXELS; p++) {
              acc[p][j] = fma(Out(v[p][k]), weights, acc[p][j]);
            }
          }
        }
        weight += IN * COLUMNS;
      }
    }
  }

  let rule = fusedRule();
  for (var j = 0u; j < COLUMNS; j++) {
    let column = tile * COLUMNS + j;
    if (column < params.outChunks) {
      var bias = Out();
      if (BIAS) {
        bias = b[column];
      }
      for (var p = 0u; p < PIXELS; p++) {
        if (live[p]) {
          var z = activate(acc[p][j] + bias);
          z = throughActivation(z, rule, place[p] + column);
          if (ACCUMULATE) {
            z += y[place[p] + column];
          }
          y[place[p] + column] = z;
        }
      }
    }
  }
}

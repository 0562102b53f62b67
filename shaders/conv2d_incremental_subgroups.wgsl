enable subgroups;

// Sibling of conv2d_incremental.wgsl with the same bindings: the lanes of a subgroup (8 at least) read weights
// together, each a part, and hand them round (see conv2d_subgroups.wgsl).
// Two-dimensional convolution of dirty rectangles alone: what changes when a patch of the image is covered.
//
//   x      [inSize + dirty, inChannels]      the clean layer, then its dirty rectangles, patch after patch
//   w      [blocks, kernel rows · columns · inChannels / groups, BLOCK]  weights, in blocks of output channels, zero-padded
//   b      [outChannels]                     bias; unused where BIAS is false
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//
// A patch changes a rectangle of every layer; all else reads as the clean layer has it, and zero outside of x. Dirty
// rectangles lie side by side without gaps, so that the work is exactly the changed pixels, in the order of the work
// list. With groups, output channels read the input channels of their own group alone.
// One workgroup computes LANES · PIXELS items by one block of output channels; one thread keeps the whole block for PIXELS
// items in registers. Channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  inChunks: u32,     // chunks of x that an output reads at a pixel: those of a group
  inStride: u32,     // chunks of a pixel of x
  outChunks: u32,
  groupChunks: u32,  // output chunks of a group; blocks do not straddle groups
  tiles: u32,        // workgroups side by side over the output channels
  alpha: f32,        // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In>;
@group(0) @binding(2) var<storage, read> w: array<Out>;
@group(0) @binding(3) var<storage, read> b: array<Out>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read> work: array<vec2<u32>>;
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
override PHASED: bool = false; // whether phases differ from 1, as for a transposed convolution (see conv2d.wgsl)
override BIAS: bool = true;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let first = (id / params.tiles) * LANES * PIXELS + thread;
  let count = u32(rects[params.count].w);
  var corner: array<vec2<i32>, PIXELS>;
  var rect: array<vec4<i32>, PIXELS>;
  var live: array<bool, PIXELS>;
  for (var p = 0u; p < PIXELS; p++) {
    let item = first + p * LANES;
    live[p] = item < count;
    let entry = work[params.work + select(0u, item, live[p])];
    corner[p] = placeOf(entry) * params.scale + params.offset;
    rect[p] = rects[params.rects + entry.x];
  }

  var acc: array<array<Out, COLUMNS>, PIXELS>;
  var weight = tile * params.kernel.x * params.kernel.y * params.inChunks * IN * COLUMNS; // chunk of w
  let begin = (tile * COLUMNS / params.groupChunks) * params.inChunks; // of the block's group in a pixel of x
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tap = vec2<i32>(ky, kx) * params.dilation;
      var inside: array<bool, PIXELS>;
      var source: array<u32, PIXELS>;
      for (var p = 0u; p < PIXELS; p++) {
        var at = corner[p] + tap;
        inside[p] = live[p] && all(at >= vec2<i32>(0));
        if (PHASED) {
          inside[p] &= all(at % params.phases == vec2<i32>(0));
          at /= params.phases;
        }
        inside[p] &= all(at < vec2<i32>(params.inSize));
        source[p] = select(0u, u32(pixelOf(rect[p], at)) * params.inStride + begin, inside[p]);
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

  let area = params.outSize.x * params.outSize.y;
  for (var j = 0u; j < COLUMNS; j++) {
    let column = tile * COLUMNS + j;
    if (column < params.outChunks) {
      for (var p = 0u; p < PIXELS; p++) {
        if (live[p]) {
          y[(area + first + p * LANES) * params.outChunks + column] = activated(acc[p][j], column);
        }
      }
    }
  }
}

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
// One workgroup computes LANES · PIXELS items by CHANNEL_LANES · COLUMNS chunks of output channels; one thread keeps PIXELS
// by COLUMNS of them in registers (see conv2d.wgsl). Channels go in chunks of four where their number allows.

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
  groupChunks: u32,  // output chunks of a group
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
const PIXELS = 2u;
const COLUMNS = 4u;
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16

override LANES: u32 = 8u;
override CHANNEL_LANES: u32 = 8u;
override GROUPED: bool = false; // whether there are several groups
override PHASED: bool = false; // whether phases differ from 1, as for a transposed convolution (see conv2d.wgsl)
override BIAS: bool = true;

@compute @workgroup_size(LANES, CHANNEL_LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let first = (id / params.tiles) * LANES * PIXELS + thread.x;
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

  // Chunks of w that this thread reads: COLUMNS of them, CHANNEL_LANES apart or, in groups, side by side; every BLOCK / OUT.
  let stride = BLOCK / OUT;
  let depth = params.kernel.x * params.kernel.y * params.inChunks * IN;
  let lane = select(thread.y, 0u, CHANNEL_LANES == 1u);
  var column: array<u32, COLUMNS>; // of the output
  var weight: array<u32, COLUMNS>; // of w
  var acc: array<array<Out, COLUMNS>, PIXELS>;
  for (var j = 0u; j < COLUMNS; j++) {
    column[j] = select((tile * COLUMNS + j) * CHANNEL_LANES + lane, (tile * CHANNEL_LANES + lane) * COLUMNS + j, GROUPED);
    weight[j] = (column[j] / stride) * depth * stride + column[j] % stride;
  }

  let begin = (column[0] / params.groupChunks) * params.inChunks; // of its group in a pixel of x

  var row = 0u; // of w
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
        for (var k = 0u; k < IN; k++) {
          for (var j = 0u; j < COLUMNS; j++) {
            let weights = w[weight[j] + row * stride];
            for (var p = 0u; p < PIXELS; p++) {
              acc[p][j] = fma(Out(v[p][k]), weights, acc[p][j]);
            }
          }
          row += 1u;
        }
      }
    }
  }

  let area = params.outSize.x * params.outSize.y;
  for (var j = 0u; j < COLUMNS; j++) {
    if (column[j] < params.outChunks) {
      for (var p = 0u; p < PIXELS; p++) {
        if (live[p]) {
          y[(area + first + p * LANES) * params.outChunks + column[j]] = activated(acc[p][j], column[j]);
        }
      }
    }
  }
}

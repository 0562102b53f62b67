// Sibling of conv2d_incremental.wgsl with the same bindings, for output channels in fours: tiles of four items by four
// channels as matrices, which every compiler keeps in registers (see conv2d_quads.wgsl).
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
// One workgroup computes LANES · 4 items by CHANNEL_LANES · COLUMNS chunks of four output channels; one thread keeps 4 by
// COLUMNS of them. Input channels go in fours too where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  rects: u32,     // where the rectangles of x begin
  count: u32,     // which rectangle holds the number of items
  work: u32,      // where the work list of y begins
  inChunks: u32,  // chunks of x that an output reads at a pixel: those of a group
  inStride: u32,  // chunks of a pixel of x
  outChunks: u32, // output channels / 4
  groupChunks: u32, // output channels of a group / 4
  tiles: u32,     // workgroups side by side over the output channels
  alpha: f32,     // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;

alias Value = vec4<f32>; // of the shared blocks
alias In = vec4<f32>; // or f32, with IN = 1
const IN = 4u;
const COLUMNS = 2u; // or 1
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16

override LANES: u32 = 8u;
override CHANNEL_LANES: u32 = 8u;
override GROUPED: bool = false; // whether there are several groups
override PHASED: bool = false; // whether phases differ from 1, as for a transposed convolution (see conv2d.wgsl)
override BIAS: bool = true;

fn store(item: u32, column: u32, sum: vec4<f32>, live: bool) {
  if (!live || column >= params.outChunks) {
    return;
  }
  y[(params.outSize.x * params.outSize.y + item) * params.outChunks + column] = activated(sum, column);
}

@compute @workgroup_size(LANES, CHANNEL_LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;

  // Four items, one a component: where they read from, and the rectangle of x that their patch changes.
  let item = (id / params.tiles) * LANES * 4u + thread.x + vec4<u32>(0u, 1u, 2u, 3u) * LANES;
  let live = item < vec4<u32>(u32(rects[params.count].w));
  let entry = params.work + select(vec4<u32>(), item, live);
  let e0 = work[entry.x];
  let e1 = work[entry.y];
  let e2 = work[entry.z];
  let e3 = work[entry.w];
  let pixel = vec4<u32>(e0.y, e1.y, e2.y, e3.y);
  let top = vec4<i32>(pixel >> vec4<u32>(16u)) * params.scale.x + params.offset.x;
  let left = vec4<i32>(pixel & vec4<u32>(0xffffu)) * params.scale.y + params.offset.y;
  let dirty = fourRectangles(
    rects[params.rects + e0.x],
    rects[params.rects + e1.x],
    rects[params.rects + e2.x],
    rects[params.rects + e3.x],
  );
  let size = vec2<i32>(params.inSize);

  // Chunks of w that this thread reads: one or two, CHANNEL_LANES apart or, in groups, side by side; every BLOCK / 4.
  let stride = BLOCK / 4u;
  let depth = params.kernel.x * params.kernel.y * params.inChunks * IN;
  let lane = select(thread.y, 0u, CHANNEL_LANES == 1u);
  let column = tile * COLUMNS * CHANNEL_LANES + select(lane, lane * COLUMNS, GROUPED);
  let other = column + select(CHANNEL_LANES, 1u, GROUPED);
  let weight = (column / stride) * depth * stride + column % stride;
  let otherWeight = (other / stride) * depth * stride + other % stride;
  let begin = (column / params.groupChunks) * params.inChunks; // of its group in a pixel of x

  var sum = mat4x4<f32>(); // a column an item
  var otherSum = mat4x4<f32>();
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      var row = top + ky * params.dilation.x;
      var col = left + kx * params.dilation.y;
      var inside = live & (row >= vec4<i32>(0)) & (col >= vec4<i32>(0));
      if (PHASED) {
        inside &= (row % params.phases.x == vec4<i32>(0)) & (col % params.phases.y == vec4<i32>(0));
        row /= params.phases.x;
        col /= params.phases.y;
      }
      inside &= (row < vec4<i32>(size.x)) & (col < vec4<i32>(size.y));
      let place = fourPixelsOf(dirty, row, col);
      let source = select(vec4<u32>(), vec4<u32>(place) * params.inStride + begin, inside);
      var tap = (u32(ky) * params.kernel.y + u32(kx)) * params.inChunks * IN * stride;
      for (var chunk = 0u; chunk < params.inChunks; chunk++) {
        let at = source + chunk;
        let v0 = vec4<f32>(select(In(), x[at.x], inside.x));
        let v1 = vec4<f32>(select(In(), x[at.y], inside.y));
        let v2 = vec4<f32>(select(In(), x[at.z], inside.z));
        let v3 = vec4<f32>(select(In(), x[at.w], inside.w));
        if (IN == 4u) {
          let v = mat4x4<f32>(v0, v1, v2, v3);
          sum += weights(weight + tap, stride) * v;
          if (COLUMNS == 2u) {
            otherSum += weights(otherWeight + tap, stride) * v;
          }
        } else {
          let v = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
          sum += products(w[weight + tap], v);
          if (COLUMNS == 2u) {
            otherSum += products(w[otherWeight + tap], v);
          }
        }
        tap += IN * stride;
      }
    }
  }

  store(item.x, column, sum[0], live.x);
  store(item.y, column, sum[1], live.y);
  store(item.z, column, sum[2], live.z);
  store(item.w, column, sum[3], live.w);
  if (COLUMNS == 2u) {
    store(item.x, other, otherSum[0], live.x);
    store(item.y, other, otherSum[1], live.y);
    store(item.z, other, otherSum[2], live.z);
    store(item.w, other, otherSum[3], live.w);
  }
}

// Depthwise convolution of dirty rectangles alone; see depthwise_conv2d.wgsl, and conv2d_incremental.wgsl for the
// rectangles.
//
//   x      [inSize + dirty, inChannels]      the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//   w      [kernel rows, kernel columns, outChannels]
//   b      [outChannels]                     bias; unused where BIAS is false
//
// Output channel c reads input channel c / multiplier. One workgroup computes 64 runs of four items, one chunk of
// channels a thread, which reads a tap's weights once for all of them; channels go in chunks of four where the
// multiplier is 1 and their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  strides: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  inChunks: u32,
  channels: u32, // chunks of a pixel of y
  multiplier: u32,
  alpha: f32,    // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
alias Value = Chunk; // of the shared blocks

override BIAS: bool = true;

fn store(item: u32, channel: u32, sum: Chunk, live: bool) {
  if (!live) {
    return;
  }
  y[(params.outSize.x * params.outSize.y + item) * params.channels + channel] = activated(sum, channel);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let count = u32(rects[params.count].w);
  let channel = i % params.channels;
  let source = channel / params.multiplier;

  // Four items, one a component: where they read from, and the rectangle of x that their patch changes. Variables, not
  // arrays: those that a loop runs over, some compilers keep in memory.
  let item = i / params.channels * 4u + vec4<u32>(0u, 1u, 2u, 3u);
  if (item.x >= count) {
    return;
  }
  let live = item < vec4<u32>(count);
  let entry = params.work + min(item, vec4<u32>(count - 1u));
  let e0 = work[entry.x];
  let e1 = work[entry.y];
  let e2 = work[entry.z];
  let e3 = work[entry.w];
  let at = vec4<u32>(e0.y, e1.y, e2.y, e3.y);
  let top = vec4<i32>(at >> vec4<u32>(16u)) * params.strides.x + params.offset.x;
  let left = vec4<i32>(at & vec4<u32>(0xffffu)) * params.strides.y + params.offset.y;
  let dirty = fourRectangles(
    rects[params.rects + e0.x],
    rects[params.rects + e1.x],
    rects[params.rects + e2.x],
    rects[params.rects + e3.x],
  );
  let size = vec2<i32>(params.inSize);

  var z0 = Chunk();
  var z1 = Chunk();
  var z2 = Chunk();
  var z3 = Chunk();
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let row = top + ky * params.dilation.x;
      let col = left + kx * params.dilation.y;
      let inside = (row >= vec4<i32>(0)) & (row < vec4<i32>(size.x)) & (col >= vec4<i32>(0)) & (col < vec4<i32>(size.y));
      let place = fourPixelsOf(dirty, row, col);
      let from0 = select(vec4<u32>(), vec4<u32>(place), inside) * params.inChunks + source;
      let weights = w[u32(ky * i32(params.kernel.y) + kx) * params.channels + channel];
      z0 = fma(select(Chunk(), x[from0.x], inside.x), weights, z0);
      z1 = fma(select(Chunk(), x[from0.y], inside.y), weights, z1);
      z2 = fma(select(Chunk(), x[from0.z], inside.z), weights, z2);
      z3 = fma(select(Chunk(), x[from0.w], inside.w), weights, z3);
    }
  }

  store(item.x, channel, z0, live.x);
  store(item.y, channel, z1, live.y);
  store(item.z, channel, z2, live.z);
  store(item.w, channel, z3, live.w);
}

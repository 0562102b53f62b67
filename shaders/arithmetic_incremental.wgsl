// Sum, or product, of the dirty rectangles of two layers, then activation.
//
//   a, b   [size + dirty, channels]    the clean layers, then their dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]   dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                  changed pixels of every layout: patch, and y << 16 | x
//   y      [size + dirty, channels]    the clean layer, which stays, then its dirty rectangles
//
// With ACCUMULATE, y's own dirty rectangles stand for a. One workgroup computes 64 consecutive chunks of the dirty
// rectangles of y, one a thread; channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  rectsOfA: u32,     // where the rectangles of a begin
  rectsOfB: u32,
  count: u32,        // which rectangle holds the number of items
  work: u32,         // where the work list of y begins
  channels: u32,     // chunks of a pixel
  alpha: f32,        // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Chunk>;
@group(0) @binding(2) var<storage, read> b: array<Chunk>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
alias Value = Chunk; // of the shared blocks

override PRODUCT: bool = false;
override ACCUMULATE: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let item = i / params.channels;
  if (item >= u32(rects[params.count].w)) {
    return;
  }
  let channel = i % params.channels;
  let entry = work[params.work + item];
  let here = placeOf(entry);
  let to = params.inSize.x * params.inSize.y * params.channels + i;
  let right = b[u32(pixelOf(rects[params.rectsOfB + entry.x], here)) * params.channels + channel];
  var left: Chunk;
  if (ACCUMULATE) {
    left = y[to];
  } else {
    left = a[u32(pixelOf(rects[params.rectsOfA + entry.x], here)) * params.channels + channel];
  }
  y[to] = activate(select(left + right, left * right, PRODUCT));
}

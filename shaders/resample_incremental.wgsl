// Resizes dirty rectangles: each pixel is a weighted sum of some rows and columns of x (see resample.wgsl).
//
//   x      [inSize + dirty, channels]        the clean layer, then its dirty rectangles, patch after patch
//   taps                                     rows and columns of x with their weights
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, channels]       the clean layer, which stays, then its dirty rectangles
//
// One workgroup computes 64 consecutive chunks of the dirty rectangles of y, one a thread; channels go in chunks of
// four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  channels: u32, // chunks of a pixel
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

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
  let here = vec2<u32>(placeOf(entry));
  let rect = rects[params.rects + entry.x];
  let rows = tapsOf(here.x);
  let columns = tapsOf(params.outSize.x + 1u + here.y);
  var sum = Chunk();
  for (var v = rows.x; v < rows.y; v += 2u) {
    let vertical = bitcast<f32>(taps[v + 1u]);
    for (var u = columns.x; u < columns.y; u += 2u) {
      let weight = vertical * bitcast<f32>(taps[u + 1u]);
      let pixel = pixelOf(rect, vec2<i32>(vec2<u32>(taps[v], taps[u])));
      sum += weight * x[u32(pixel) * params.channels + channel];
    }
  }
  y[params.outSize.x * params.outSize.y * params.channels + i] = sum;
}

// Lays dirty rectangles of x into those of y, rows, columns and channels further on: concatenation, slices, borders.
//
//   x      [inSize + dirty, inChannels]      the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//
// Pixel (r, c) of y takes pixel (r, c) + offset of x; outside of x it stays as it is.
// One workgroup moves 64 consecutive chunks, one a thread; channels go in chunks of four where their numbers allow.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  offset: vec2<i32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  channels: u32,    // chunks of a pixel of x
  outChannels: u32, // chunks of a pixel of y
  moved: u32,       // chunks of a pixel that are laid
  source: u32,      // the first of them in x
  place: u32,       // and in y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let item = i / params.moved;
  if (item >= u32(rects[params.count].w)) {
    return;
  }
  let channel = i % params.moved;
  let entry = work[params.work + item];
  let here = placeOf(entry);
  let rect = rects[params.rects + entry.x];
  let at = here + params.offset;
  if (any(at < vec2<i32>(0)) || any(at >= vec2<i32>(params.inSize))) {
    return;
  }
  let value = x[u32(pixelOf(rect, at)) * params.channels + params.source + channel];
  y[(params.outSize.x * params.outSize.y + item) * params.outChannels + params.place + channel] = value;
}

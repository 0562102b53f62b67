// Lays dirty rectangles into those of a padded layer: a border of one value, of the edge again, or of a mirror image.
//
//   x      [inSize + dirty, channels]        the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//
// One workgroup computes 64 consecutive chunks of the dirty rectangles of y, one a thread; channels go in chunks of four
// where their numbers allow.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  before: vec2<i32>, // rows above, columns to the left
  channelsBefore: i32, // chunks
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  channels: u32,    // chunks of a pixel of x
  outChannels: u32, // chunks of a pixel of y
  value: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override MODE: u32 = 0u; // 0: `value`; else see blocks/repeated_place.wgsl

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let item = i / params.outChannels;
  if (item >= u32(rects[params.count].w)) {
    return;
  }
  let entry = work[params.work + item];
  let rect = rects[params.rects + entry.x];
  let size = vec3<i32>(vec2<i32>(params.inSize), i32(params.channels));
  let channel = i32(i % params.outChannels) - params.channelsBefore;
  var at = vec3<i32>(placeOf(entry) - params.before, channel);
  let place = params.outSize.x * params.outSize.y * params.outChannels + i;
  if (MODE != 0u) {
    at = vec3<i32>(repeatedAt(at.x, size.x), repeatedAt(at.y, size.y), repeatedAt(at.z, size.z));
  } else if (any(at < vec3<i32>(0)) || any(at >= size)) {
    y[place] = Chunk(params.value);
    return;
  }
  y[place] = x[u32(pixelOf(rect, at.xy)) * params.channels + u32(at.z)];
}

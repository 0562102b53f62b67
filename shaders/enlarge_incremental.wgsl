// Enlarges dirty rectangles by whole factors: the nearest pixel, or a bilinear blend of four (see enlarge.wgsl).
//
//   x      [inSize + dirty, inChannels]      the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//
// One workgroup computes 64 consecutive chunks of the dirty rectangles of y, one a thread; channels go in chunks of
// four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  factor: vec2<u32>, // vertical, horizontal
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  channels: u32, // chunks of a pixel
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override BILINEAR: bool = false;
override CENTRE: f32 = 0.5; // of a pixel; 0 where it is taken for its corner

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
  let rect = rects[params.rects + entry.x];
  let output = params.inSize * params.factor;
  let to = output.x * output.y * params.channels + i;
  if (!BILINEAR) {
    y[to] = x[u32(pixelOf(rect, here / vec2<i32>(params.factor))) * params.channels + channel];
    return;
  }
  let n = neighbours((vec2<f32>(here) + CENTRE) / vec2<f32>(params.factor) - CENTRE, params.inSize - 1u);
  let low = vec2<i32>(n.low);
  let high = vec2<i32>(n.high);
  let a = x[u32(pixelOf(rect, low)) * params.channels + channel];
  let b = x[u32(pixelOf(rect, vec2<i32>(low.x, high.y))) * params.channels + channel];
  let c = x[u32(pixelOf(rect, vec2<i32>(high.x, low.y))) * params.channels + channel];
  let d = x[u32(pixelOf(rect, high)) * params.channels + channel];
  y[to] = mix(mix(a, b, Chunk(n.share.y)), mix(c, d, Chunk(n.share.y)), Chunk(n.share.x));
}

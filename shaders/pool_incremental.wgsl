// Largest value, or mean, under a sliding window, in dirty rectangles alone; padding takes no part, or counts as zero (see
// pool_max.wgsl and pool_average.wgsl).
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
  outSize: vec2<u32>,
  window: vec2<u32>,
  strides: vec2<u32>,
  dilation: vec2<u32>,
  before: vec2<u32>, // padding above and to the left
  after: vec2<u32>,  // padding below and to the right
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

override AVERAGE: bool = false;

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
  let window = vec2<u32>(placeOf(entry));
  let rect = rects[params.rects + entry.x];
  let under = pixelsUnder(window);
  let first = vec2<i32>(under.first);
  let end = vec2<i32>(under.end);
  let step = vec2<i32>(tapStep());

  var z = x[u32(pixelOf(rect, first)) * params.channels + channel];
  for (var row = first.x; row < end.x; row += step.x) {
    for (var column = first.y; column < end.y; column += step.y) {
      if (row == first.x && column == first.y) {
        continue;
      }
      let value = x[u32(pixelOf(rect, vec2<i32>(row, column))) * params.channels + channel];
      z = select(max(z, value), z + value, AVERAGE);
    }
  }
  if (AVERAGE) {
    z = z / cellsOf(window, under);
  }
  y[params.outSize.x * params.outSize.y * params.channels + i] = z;
}

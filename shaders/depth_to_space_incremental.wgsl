// Moves channels of dirty rectangles to pixels, blocks of block × block pixels each; or, with TO_DEPTH, back again.
//
//   x      [inSize + dirty, channels]        the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]         dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + dirty, outChannels]    the clean layer, which stays, then its dirty rectangles
//
// One workgroup computes 64 consecutive elements of the dirty rectangles of y, one a thread.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  channels: u32,
  outChannels: u32,
  block: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override TO_DEPTH: bool = false;
override DEPTH_FIRST: bool = true; // channels are counted by the place in the block first, then by channel; or the other way round

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
  let here = vec2<u32>(placeOf(entry));
  let rect = rects[params.rects + entry.x];
  let channel = i % params.outChannels;
  let area = params.block * params.block;
  let shallow = min(params.channels, params.outChannels);

  var source = here / params.block;
  var inside = here.x % params.block * params.block + here.y % params.block;
  var taken = select(channel * area + inside, inside * shallow + channel, DEPTH_FIRST);
  if (TO_DEPTH) {
    inside = select(channel % area, channel / shallow, DEPTH_FIRST);
    taken = select(channel / area, channel % shallow, DEPTH_FIRST);
    source = here * params.block + vec2<u32>(inside / params.block, inside % params.block);
  }
  let value = x[u32(pixelOf(rect, vec2<i32>(source))) * params.channels + taken];
  y[params.outSize.x * params.outSize.y * params.outChannels + i] = value;
}

// Axes of channels in another order in the dirty rectangles of a layer whose rows and columns stay (see strided_copy.wgsl).
//
//   x      [start + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]    rectangles; the last of each layout holds its number of items
//   y      [start + dirty, channels]    the clean layer, which stays, then its dirty rectangles, which are those of x
//
// One workgroup moves 64 consecutive elements of the dirty rectangles of y.

struct Params {
  start: u32,    // elements of the clean layer
  count: u32,    // which rectangle holds the number of items
  channels: u32, // elements of a pixel
  sizes: vec4<u32>, // of y's axes of channels
  moreSizes: vec4<u32>,
  strides: vec4<u32>, // elements of x between neighbours along y's axes
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override RANK: u32 = 8u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i / params.channels >= u32(rects[params.count].w)) {
    return;
  }
  let channel = i % params.channels;
  let axes = Axes(params.sizes, params.moreSizes, params.strides, params.moreStrides);
  y[params.start + i] = x[params.start + i - channel + placeAlong(axes, RANK, channel)];
}

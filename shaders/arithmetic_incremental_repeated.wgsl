// activation(a ∘ b) in the dirty rectangles of a layer, where an operand may have one channel for all, or be known in
// advance.
//
//   a, b   [size + dirty, channels]   the clean layers, then their dirty rectangles, patch after patch; or a constant that is
//                                     repeated to a clean layer
//   rects  [layouts, patches + 1, 4]  dirty rectangles (blocks/dirty_rectangle.wgsl), and last the number of items
//   work   [items, 2]                 changed pixels of every layout: patch, and y << 16 | x
//   y      [size + dirty, channels]   the clean layer, which stays, then its dirty rectangles
//
// With ACCUMULATE, y's own dirty rectangles stand for a. One workgroup computes 64 consecutive elements of the dirty
// rectangles of y, one a thread.

struct Params {
  stridesOfA: vec3<u32>, // of a constant's rows, columns and channels; of a layer's pixels, nothing, and channels
  rectsOfA: u32,         // where the rectangles of a begin
  stridesOfB: vec3<u32>,
  rectsOfB: u32,
  inSize: vec2<u32>,     // height, width
  count: u32,            // which rectangle holds the number of items
  work: u32,             // where the work list of y begins
  channels: u32,
  alpha: f32,            // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks

override ACCUMULATE: bool = false;
override CONSTANTS: u32 = 0u; // 1: a is a constant; 2: b is

/// Where an operand has its value for a pixel and a channel.
fn elementOf(operand: u32, strides: vec3<u32>, rect: vec4<i32>, pixel: vec2<i32>, channel: u32) -> u32 {
  if ((CONSTANTS & operand) != 0u) {
    return dot(strides, vec3<u32>(vec2<u32>(pixel), channel));
  }
  return u32(pixelOf(rect, pixel)) * strides.x + channel * strides.z;
}

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
  var left = 0.0;
  if (ACCUMULATE) {
    left = y[to];
  } else {
    left = a[elementOf(1u, params.stridesOfA, rects[params.rectsOfA + entry.x], here, channel)];
  }
  let right = b[elementOf(2u, params.stridesOfB, rects[params.rectsOfB + entry.x], here, channel)];
  y[to] = activate(combined(left, right));
}

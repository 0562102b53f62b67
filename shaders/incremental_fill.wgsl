// Covers patches of the image: every pixel of the input's dirty rectangles becomes the colour that covers it.
//
//   fill  [channels]
//   y     [image + items, channels]  the clean image, which stays, then the dirty rectangles of all patches
//
// One workgroup writes 256 consecutive elements.

struct Params {
  start: u32, // elements of the image
  size: u32,  // elements of the dirty rectangles
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fill: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size) {
    y[params.start + i] = fill[i % params.channels];
  }
}

// The largest value of each channel in every block of an image's pixels.
//
//   x       [images, pixels, channels]
//   blocks  [images, ⌈pixels / extent⌉, channels]
//
// One workgroup computes 64 neighbouring values of blocks.

struct Params {
  pixels: u32,
  width: u32,  // values of a pixel
  extent: u32, // pixels of a block
  count: u32,  // blocks of an image
  size: u32,   // values of blocks
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> blocks: array<Value>;

alias Value = vec4<f32>; // four channels; or f32, where their number is no multiple of four

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  if (id >= params.size) {
    return;
  }
  let column = id % params.width;
  let which = id / params.width;
  let first = (which % params.count) * params.extent;
  let many = min(params.extent, params.pixels - first);
  var at = ((which / params.count) * params.pixels + first) * params.width + column;
  var high = x[at];
  for (var p = 1u; p < many; p++) {
    at += params.width;
    high = max(high, x[at]);
  }
  blocks[id] = high;
}

// y = activation(scale·x + offset) in the dirty rectangles of a layer, channel by channel.
//
//   x       [start + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   scale   [channels]                   unused where SCALE is false
//   offset  [channels]                   unused where SCALE is false
//   rects   [layouts, patches + 1, 4]    rectangles; the last of each layout holds its number of items
//   y       [start + dirty, channels]    the clean layer, which stays, then its dirty rectangles, which are those of x
//
// One workgroup computes 64 consecutive chunks of the dirty rectangles of y, one a thread; channels go in chunks of
// four where their number allows.

struct Params {
  start: u32,    // chunks of the clean layer
  count: u32,    // which rectangle holds the number of items
  channels: u32, // chunks of a pixel
  alpha: f32,    // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> scale: array<Chunk>;
@group(0) @binding(3) var<storage, read> offset: array<Chunk>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
alias Value = Chunk; // of the shared blocks

override SCALE: bool = true;

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
  var z = x[params.start + i];
  if (SCALE) {
    let channel = i % params.channels;
    z = scale[channel] * z + offset[channel];
  }
  y[params.start + i] = activateApart(z);
}

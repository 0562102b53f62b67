// Whole layers from dirty rectangles: the clean layer with each patch's dirty rectangle laid over it.
//
//   x      [inSize + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]     dirty rectangles (blocks/dirty_rectangle.wgsl)
//   y      [patches, inSize, channels]
//
// One workgroup writes 64 consecutive chunks, one a thread; channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  rects: u32,        // where the rectangles of x begin
  channels: u32,     // chunks of a pixel
  size: u32,         // chunks of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.size) {
    return;
  }
  let channel = i % params.channels;
  let pixel = i / params.channels;
  let area = params.inSize.x * params.inSize.y;
  let inside = pixel % area;
  let here = vec2<i32>(vec2<u32>(inside / params.inSize.y, inside % params.inSize.y));
  y[i] = x[u32(pixelOf(rects[params.rects + pixel / area], here)) * params.channels + channel];
}

// Whole layers from windows: the clean layer with each patch's window laid over it.
//
//   x      [inSize + windows, channels]  the clean layer, then its windows, patch after patch
//   rects  [layouts, patches + 1, 4]     the windows: top, left, height << 16 | width, pixels before it
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

// Where the pixel `at` of x lies, in pixels: in the patch's window, or in the clean layer.
fn place(rect: vec4<i32>, at: vec2<i32>) -> i32 {
  let size = vec2<i32>(rect.z >> 16u, rect.z & 0xffff);
  let local = at - rect.xy;
  let changed = all(local >= vec2<i32>(0)) && all(local < size);
  let window = i32(params.inSize.x * params.inSize.y) + rect.w + local.x * size.y + local.y;
  return select(at.x * i32(params.inSize.y) + at.y, window, changed);
}

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
  y[i] = x[u32(place(rects[params.rects + pixel / area], here)) * params.channels + channel];
}

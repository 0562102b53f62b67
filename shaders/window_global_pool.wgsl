// Mean, or largest value, of each channel over a whole layer of which only windows changed.
//
//   x      [inSize + windows, channels]  the clean layer, then its windows, patch after patch
//   clean  [channels]                    the result of the clean layer
//   rects  [layouts, patches + 1, 4]     the windows: top, left, height << 16 | width, pixels before it
//   y      [patches, channels]
//
// A mean changes by the mean of the window's changes; the largest value is sought anew.
// One workgroup computes 64 consecutive chunks, one a thread; channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  rects: u32,        // where the rectangles of x begin
  channels: u32,     // chunks of a pixel
  size: u32,         // chunks of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> clean: array<Chunk>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override AVERAGE: bool = true;

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
  let rect = rects[params.rects + i / params.channels];
  if (AVERAGE) {
    let end = rect.xy + vec2<i32>(rect.z >> 16u, rect.z & 0xffff);
    var change = Chunk();
    for (var row = rect.x; row < end.x; row++) {
      for (var column = rect.y; column < end.y; column++) {
        let at = vec2<i32>(row, column);
        let before = u32(row) * params.inSize.y + u32(column);
        change += x[u32(place(rect, at)) * params.channels + channel] - x[before * params.channels + channel];
      }
    }
    y[i] = clean[channel] + change / f32(params.inSize.x * params.inSize.y);
    return;
  }
  var best = x[u32(place(rect, vec2<i32>(0))) * params.channels + channel];
  for (var row = 0; row < i32(params.inSize.x); row++) {
    for (var column = 0; column < i32(params.inSize.y); column++) {
      best = max(best, x[u32(place(rect, vec2<i32>(row, column))) * params.channels + channel]);
    }
  }
  y[i] = best;
}

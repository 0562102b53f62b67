// Mean, or largest value, of each channel over a whole layer of which only dirty rectangles changed.
//
//   x      [inSize + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   clean  [channels]                    the result of the clean layer
//   rects  [layouts, patches + 1, 4]     dirty rectangles (blocks/dirty_rectangle.wgsl)
//   y      [patches, channels]
//
// A mean changes by the mean of the window's changes; the largest value is sought anew.
// One workgroup computes 8 chunks of channels of one patch; channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  rects: u32,        // where the rectangles of x begin
  channels: u32,     // chunks of a pixel
  tiles: u32,        // channels / 8, rounded up
  groups: u32,       // patches · tiles
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> clean: array<Chunk>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override AVERAGE: bool = true;

const LANES = 8u;  // neighbouring chunks of channels
const STRIPS = 8u; // each takes every 8th pixel

var<workgroup> parts: array<Chunk, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.groups) {
    return;
  }
  let patch0 = id / params.tiles;
  let channel = id % params.tiles * LANES + thread % LANES;
  let strip = thread / LANES;
  let rect = rects[params.rects + patch0];
  let size = vec2<u32>(u32(rect.z) >> 16u, u32(rect.z) & 0xffffu);
  var part = Chunk();
  if (channel < params.channels) {
    if (AVERAGE) {
      for (var pixel = strip; pixel < size.x * size.y; pixel += STRIPS) {
        let at = vec2<u32>(rect.xy) + vec2<u32>(pixel / size.y, pixel % size.y);
        let clean0 = at.x * params.inSize.y + at.y;
        let changed = params.inSize.x * params.inSize.y + u32(rect.w) + pixel;
        part += x[changed * params.channels + channel] - x[clean0 * params.channels + channel];
      }
    } else {
      part = x[u32(pixelOf(rect, vec2<i32>(0))) * params.channels + channel];
      for (var pixel = strip; pixel < params.inSize.x * params.inSize.y; pixel += STRIPS) {
        let at = vec2<i32>(vec2<u32>(pixel / params.inSize.y, pixel % params.inSize.y));
        part = max(part, x[u32(pixelOf(rect, at)) * params.channels + channel]);
      }
    }
  }
  parts[thread] = part;
  workgroupBarrier();
  if (strip != 0u || channel >= params.channels) {
    return;
  }
  for (var s = 1u; s < STRIPS; s++) {
    let other = parts[s * LANES + thread];
    part = select(max(part, other), part + other, AVERAGE);
  }
  if (AVERAGE) {
    part = clean[channel] + part / f32(params.inSize.x * params.inSize.y);
  }
  y[patch0 * params.channels + channel] = part;
}

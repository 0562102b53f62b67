// Sum, or product, of the windows of two layers, then activation.
//
//   a, b   [size + windows, channels]  the clean layers, then their windows, patch after patch
//   rects  [layouts, patches + 1, 4]   the windows: top, left, height << 16 | width, pixels before it (or their total)
//   work   [items, 2]                  changed pixels of every layout: patch, and y << 16 | x
//   y      [size + windows, channels]  the clean layer, which stays, then its windows
//
// With ACCUMULATE, y's own windows stand for a. One workgroup computes 64 consecutive chunks of the windows of y, one a
// thread; channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  rectsOfA: u32,     // where the rectangles of a begin
  rectsOfB: u32,
  count: u32,        // which rectangle holds the number of items
  work: u32,         // where the work list of y begins
  channels: u32,     // chunks of a pixel
  alpha: f32,        // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Chunk>;
@group(0) @binding(2) var<storage, read> b: array<Chunk>;
@group(0) @binding(3) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override PRODUCT: bool = false;
override ACCUMULATE: bool = false;
// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh
override ACTIVATION: u32 = 0u;

fn activate(z: Chunk) -> Chunk {
  switch ACTIVATION {
    case 1u: { return select(z, Chunk(0.0), z <= Chunk(0.0)); } // what is NaN stays so
    case 2u: { return select(select(z, Chunk(6.0), z >= Chunk(6.0)), Chunk(0.0), z <= Chunk(0.0)); }
    case 3u: { return select(params.alpha * z, z, z > Chunk(0.0)); }
    case 4u: { return Chunk(1.0) / (Chunk(1.0) + exp(-z)); }
    case 5u: { return select(select(tanh(z), Chunk(1.0), z > Chunk(20.0)), Chunk(-1.0), z < Chunk(-20.0)); } // some drivers overflow beyond
    default: { return z; }
  }
}

// Where the pixel `at` of a layer lies, in pixels: in the patch's window, or in the clean layer.
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
  let item = i / params.channels;
  if (item >= u32(rects[params.count].w)) {
    return;
  }
  let channel = i % params.channels;
  let entry = work[params.work + item];
  let here = vec2<i32>(vec2<u32>(entry.y >> 16u, entry.y & 0xffffu));
  let to = params.inSize.x * params.inSize.y * params.channels + i;
  let right = b[u32(place(rects[params.rectsOfB + entry.x], here)) * params.channels + channel];
  var left: Chunk;
  if (ACCUMULATE) {
    left = y[to];
  } else {
    left = a[u32(place(rects[params.rectsOfA + entry.x], here)) * params.channels + channel];
  }
  y[to] = activate(select(left + right, left * right, PRODUCT));
}

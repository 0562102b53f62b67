// Depthwise convolution of windows into a clean image; see depthwise_conv2d.wgsl, and window_conv2d.wgsl for the windows.
//
//   x      [inSize + windows, inChannels]    the clean layer, then its windows, patch after patch
//   rects  [layouts, patches + 1, 4]         the windows: top, left, height << 16 | width, pixels before it (or their total)
//   work   [items, 2]                        changed pixels of every layout: patch, and y << 16 | x
//   y      [outSize + windows, outChannels]  the clean layer, which stays, then its windows
//   w      [kernel rows, kernel columns, outChannels]
//   b      [outChannels]                     bias; unused where BIAS is false
//
// Output channel c reads input channel c / multiplier. One workgroup computes 64 runs of PIXELS items, one chunk of channels
// a thread, which reads a tap's weights once for all of them; channels go in chunks of four where the multiplier is 1 and
// their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  strides: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  rects: u32, // where the rectangles of x begin
  count: u32, // which rectangle holds the number of items
  work: u32,  // where the work list of y begins
  inChunks: u32,
  channels: u32, // chunks of a pixel of y
  multiplier: u32,
  alpha: f32,    // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read> work: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32
const PIXELS = 4u;

override BIAS: bool = true;
// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh
override ACTIVATION: u32 = 0u;

fn activate(z: Chunk) -> Chunk {
  switch ACTIVATION {
    case 1u: { return max(z, Chunk(0.0)); }
    case 2u: { return clamp(z, Chunk(0.0), Chunk(6.0)); }
    case 3u: { return select(params.alpha * z, z, z > Chunk(0.0)); }
    case 4u: { return Chunk(1.0) / (Chunk(1.0) + exp(-z)); }
    case 5u: { return tanh(clamp(z, Chunk(-20.0), Chunk(20.0))); } // some drivers overflow beyond
    default: { return z; }
  }
}

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
  let first = i / params.channels * PIXELS;
  let count = u32(rects[params.count].w);
  if (first >= count) {
    return;
  }
  let channel = i % params.channels;
  let source = channel / params.multiplier;
  var corner: array<vec2<i32>, PIXELS>;
  var rect: array<vec4<i32>, PIXELS>;
  for (var p = 0u; p < PIXELS; p++) {
    let entry = work[params.work + min(first + p, count - 1u)];
    corner[p] = vec2<i32>(vec2<u32>(entry.y >> 16u, entry.y & 0xffffu)) * params.strides + params.offset;
    rect[p] = rects[params.rects + entry.x];
  }

  var acc: array<Chunk, PIXELS>;
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let weights = w[u32(ky * i32(params.kernel.y) + kx) * params.channels + channel];
      for (var p = 0u; p < PIXELS; p++) {
        let at = corner[p] + vec2<i32>(ky, kx) * params.dilation;
        let inside = all(at >= vec2<i32>(0)) && all(at < vec2<i32>(params.inSize));
        let from0 = select(0u, u32(place(rect[p], at)), inside) * params.inChunks + source;
        acc[p] = fma(select(Chunk(), x[from0], inside), weights, acc[p]);
      }
    }
  }

  var bias = Chunk();
  if (BIAS) {
    bias = b[channel];
  }
  let start = params.outSize.x * params.outSize.y + first;
  for (var p = 0u; p < PIXELS; p++) {
    if (first + p < count) {
      y[(start + p) * params.channels + channel] = activate(acc[p] + bias);
    }
  }
}

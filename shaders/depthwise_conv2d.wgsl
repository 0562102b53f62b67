// Depthwise convolution, and its gradient to the input, as one gather: every output element sums taps of one channel.
//
//   x  [batch, inHeight, inWidth, inChannels]
//   w  [kernel rows, kernel columns, filters]      filters = the larger of inChannels and outChannels
//   b  [outChannels]                               bias; unused where BIAS is false
//   y  [batch, outHeight, outWidth, outChannels]
//
// Forward, output channel c reads input channel c / multiplier by filter c; backward, it sums filters
// c · multiplier … of the gradient's channels of the same numbers. Along each axis, tap k of output row r reads input row
// (r · scale + k · dilation + offset) / phases, where that is whole (see conv2d.wgsl).
// One workgroup computes 64 consecutive chunks of y, one a thread; channels go in chunks of four where the multiplier is 1
// and their number allows.

struct Params {
  inSize: vec2<u32>, // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  phases: vec2<i32>,
  size: u32,         // chunks of y
  inChunks: u32,
  outChunks: u32,
  multiplier: u32,
  accumulate: u32,   // 1: add to y
  alpha: f32,        // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> w: array<Chunk>;
@group(0) @binding(3) var<storage, read> b: array<Chunk>;
@group(0) @binding(4) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

override BACKWARD: bool = false;
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
  let channel = i % params.outChunks;
  let pixel = i / params.outChunks;
  let n = pixel / (params.outSize.x * params.outSize.y);
  let corner = vec2<i32>(
    i32(pixel / params.outSize.y % params.outSize.x),
    i32(pixel % params.outSize.y),
  ) * params.scale + params.offset;
  let filters = max(params.inChunks, params.outChunks);
  // Forward, one source channel and one filter; backward, as many as the multiplier says.
  let source = select(channel / params.multiplier, channel * params.multiplier, BACKWARD);
  let filter0 = select(channel, source, BACKWARD);
  let count = select(1u, params.multiplier, BACKWARD);

  var z = Chunk();
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    let row = corner.x + ky * params.dilation.x;
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let column = corner.y + kx * params.dilation.y;
      let at = vec2<i32>(row, column) / params.phases;
      let whole = all(at * params.phases == vec2<i32>(row, column));
      if (whole && all(at >= vec2<i32>(0)) && all(at < vec2<i32>(params.inSize))) {
        let from0 = ((n * params.inSize.x + u32(at.x)) * params.inSize.y + u32(at.y)) * params.inChunks + source;
        let w0 = u32(ky * i32(params.kernel.y) + kx) * filters + filter0;
        for (var m = 0u; m < count; m++) {
          z = fma(x[from0 + m], w[w0 + m], z);
        }
      }
    }
  }
  if (BIAS) {
    z += b[channel];
  }
  z = activate(z);
  if (params.accumulate == 1u) {
    z += y[i];
  }
  y[i] = z;
}

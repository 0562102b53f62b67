// The first pass of the discrete Fourier transform of real numbers along an axis: of RADIX elements of a line, those frequencies
// that are not mirror images of others.
//
//   x         [outer, n, channels]
//   twiddles  [n, 2]                                              cos and −sin of 2πt/n
//   y         [outer, n / RADIX, RADIX / 2 + 1, channels, 2]      real and imaginary parts
//
// y[s, q] = exp(−2πi · sq / n) · Σᵣ x[s + r · n / RADIX] · exp(−2πi · qr / RADIX): the transform of y[·, q] along s has frequencies
// q, q + RADIX, q + 2 RADIX … of x. One workgroup computes 64 transforms of RADIX elements, or parts of them.

struct Params {
  threads: u32,
  channels: u32,
  table: u32, // n
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.threads) {
    return;
  }
  let apart = params.table / RADIX;
  let channel = i % params.channels;
  let first = i / params.channels % GROUPS * PAIRS;
  let line = i / params.channels / GROUPS; // outer · n / RADIX
  let s = line % apart;
  let start = (line / apart * params.table + s) * params.channels + channel;
  let stride = apart * params.channels;

  var sum: array<vec2<f32>, PAIRS>;
  for (var t = 0u; t < PAIRS; t++) {
    sum[t] = vec2(x[start], 0.0);
  }
  for (var p = 1u; p < (RADIX + 1u) / 2u; p++) {
    let a = x[start + p * stride];
    let b = x[start + (RADIX - p) * stride];
    for (var t = 0u; t < PAIRS; t++) {
      sum[t] += rootOf(p, first + t) * vec2(a + b, a - b);
    }
  }
  if (RADIX % 2u == 0u) {
    let middle = x[start + RADIX / 2u * stride];
    for (var t = 0u; t < PAIRS; t++) {
      sum[t].x += middleSign(first + t) * middle;
    }
  }
  for (var t = 0u; t < PAIRS; t++) {
    let q = first + t;
    if (q <= RADIX / 2u) {
      y[(line * (RADIX / 2u + 1u) + q) * params.channels + channel] = complexProduct(sum[t], twiddles[s * q]);
    }
  }
}

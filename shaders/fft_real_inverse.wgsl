// The last pass of the inverse Fourier transform along an axis where the outcome is real: fft_real.wgsl the other way.
//
//   x         [outer, n / RADIX, RADIX / 2 + 1, channels, 2]  real and imaginary parts
//   twiddles  [n, 2]                                          cos and −sin of 2πt/n
//   y         [outer, n, channels]
//
// y[s + r · n / RADIX] = Σ x[s, q] · exp(2πi · qr / RADIX) over q of 0 … RADIX − 1, x[s, RADIX − q] the conjugate of x[s, q].
// One workgroup computes 64 transforms of RADIX elements, or parts of them.

struct Params {
  threads: u32,
  channels: u32,
  table: u32, // n
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
  let start = line * (RADIX / 2u + 1u) * params.channels + channel;

  // What cosines and sines count by.
  var sum: array<vec2<f32>, PAIRS>;
  for (var t = 0u; t < PAIRS; t++) {
    sum[t] = vec2(x[start].x, 0.0);
  }
  for (var p = 1u; p < (RADIX + 1u) / 2u; p++) {
    let both = 2.0 * x[start + p * params.channels];
    for (var t = 0u; t < PAIRS; t++) {
      sum[t] += rootOf(p, first + t) * both;
    }
  }
  if (RADIX % 2u == 0u) {
    let middle = x[start + RADIX / 2u * params.channels].x;
    for (var t = 0u; t < PAIRS; t++) {
      sum[t].x += middleSign(first + t) * middle;
    }
  }
  let place = (line / apart * params.table + line % apart) * params.channels + channel;
  let stride = apart * params.channels;
  for (var t = 0u; t < PAIRS; t++) {
    let r = first + t;
    if (r <= RADIX / 2u) {
      y[place + r * stride] = sum[t].x + sum[t].y;
    }
    if (r > 0u && 2u * r < RADIX) {
      y[place + (RADIX - r) * stride] = sum[t].x - sum[t].y;
    }
  }
}

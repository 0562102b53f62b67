// A pass of the discrete Fourier transform of complex numbers along an axis, by one factor of its length.
//
//   x         [outer, length, inner, 2]  real and imaginary parts
//   twiddles  [n, 2]                     cos and −sin of 2πt/n; n: table, a multiple of length
//   factors   [length, inner / channels]       numbers by which elements of x or y are multiplied, those of all channels
//   y         [outer, length, inner, 2]
//
// The passes of all factors of a length, in any order, make y[k] = scale · Σⱼ x[j] · exp(sign · 2πi · jk / length), in natural order
// (Stockham). Where a line of real numbers has become RADIX′ = n / length lines of complex ones (fft_real.wgsl), inner is
// [RADIX′ / 2 + 1, channels], and the first or last pass reads or writes the half spectrum [outer, n / 2 + 1, channels, 2]:
// frequency RADIX′·j + l is element j of line l. One workgroup computes 64 transforms of RADIX elements, or parts of them.
// Source: Cochran et al., "What is the Fast Fourier Transform?" (1967).

struct Params {
  threads: u32,
  length: u32,
  inner: u32,
  channels: u32,
  table: u32, // n
  done: u32,  // product of the radices of the passes before
  sign: f32,
  scale: f32,
  twins: f32, // weight of frequencies that have a mirror image, in half spectra
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2<f32>>;

override FROM_HALF = false; // x is a half spectrum
override TO_HALF = false;   // y is a half spectrum
override LAST = false;      // the last pass of all radices
override TURNED = false;    // y is to become lines of real numbers
override FACTORS_OF_X = false;
override FACTORS_OF_Y = false;

// A thread's place among the lines.
struct Line {
  outer: u32,
  within: u32,  // of inner
  channel: u32,
  number: u32,  // within / channels
}

// Where an element stands in a half spectrum, and how often.
struct Frequency {
  place: u32,
  mirrored: bool,
  alone: bool, // it has no mirror image
}

fn frequencyOf(line: Line, j: u32) -> Frequency {
  let whole = line.number + params.table / params.length * j;
  let mirrored = 2u * whole > params.table;
  let frequency = select(whole, params.table - whole, mirrored);
  let place = (line.outer * (params.table / 2u + 1u) + frequency) * params.channels + line.channel;
  return Frequency(place, mirrored, frequency == 0u || 2u * frequency == params.table);
}

fn indexOf(line: Line, j: u32) -> u32 {
  return (line.outer * params.length + j) * params.inner + line.within;
}

fn factorOf(line: Line, j: u32) -> f32 {
  return factors[j * (params.inner / params.channels) + line.number];
}

fn elementOf(line: Line, j: u32) -> vec2<f32> {
  if (FROM_HALF) {
    let at = frequencyOf(line, j);
    let value = x[at.place];
    if (at.alone) {
      return vec2(value.x, 0.0);
    }
    return params.twins * vec2(value.x, select(value.y, -value.y, at.mirrored));
  }
  let value = x[indexOf(line, j)];
  if (FACTORS_OF_X) {
    return factorOf(line, j) * value;
  }
  return value;
}

fn put(line: Line, j: u32, sum: vec2<f32>) {
  let value = params.scale * sum;
  if (TO_HALF) {
    let at = frequencyOf(line, j);
    // A line that is its own mirror image has these frequencies twice.
    if (at.mirrored && 2u * line.number % (params.table / params.length) == 0u) {
      return;
    }
    let weight = select(params.twins, 1.0, at.alone);
    y[at.place] = weight * vec2(value.x, select(value.y, -value.y, at.mirrored));
    return;
  }
  if (FACTORS_OF_Y) {
    y[indexOf(line, j)] = factorOf(line, j) * value;
    return;
  }
  y[indexOf(line, j)] = value;
}

// Writes output q of the transform whose first element is k.
fn putOutput(line: Line, k: u32, q: u32, sum: vec2<f32>) {
  let inside = k % params.done;
  let j = (k - inside) * RADIX + inside + q * params.done;
  if (LAST && !TURNED) {
    put(line, j, sum);
    return;
  }
  let exponent = select((k - inside) * q * (params.table / params.length), line.number * j, TURNED);
  put(line, j, complexProduct(sum, vec2(1.0, -params.sign) * twiddles[exponent]));
}

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
  let apart = params.length / RADIX;
  let within = i % params.inner;
  let first = i / params.inner % GROUPS * PAIRS;
  let k = i / params.inner / GROUPS % apart;
  let line = Line(i / params.inner / GROUPS / apart, within, within % params.channels, within / params.channels);

  let start = elementOf(line, k);
  var even: array<vec2<f32>, PAIRS>;
  var odd: array<vec2<f32>, PAIRS>;
  for (var t = 0u; t < PAIRS; t++) {
    even[t] = start;
    odd[t] = vec2(0.0);
  }
  for (var p = 1u; p < (RADIX + 1u) / 2u; p++) {
    let a = elementOf(line, k + p * apart);
    let b = elementOf(line, k + (RADIX - p) * apart);
    for (var t = 0u; t < PAIRS; t++) {
      let root = rootOf(p, first + t);
      even[t] += root.x * (a + b);
      odd[t] += root.y * (a - b);
    }
  }
  if (RADIX % 2u == 0u) {
    let middle = elementOf(line, k + RADIX / 2u * apart);
    for (var t = 0u; t < PAIRS; t++) {
      even[t] += middleSign(first + t) * middle;
    }
  }

  for (var t = 0u; t < PAIRS; t++) {
    let q = first + t;
    let turned = params.sign * vec2(odd[t].y, -odd[t].x);
    if (q <= RADIX / 2u) {
      putOutput(line, k, q, even[t] + turned);
    }
    if (q > 0u && 2u * q < RADIX) {
      putOutput(line, k, RADIX - q, even[t] - turned);
    }
  }
}

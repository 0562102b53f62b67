// The discrete Fourier transform along one axis, of real numbers, of half a spectrum or of a whole one.
//
//   x         [outer, given, inner] or [outer, given, inner, 2]  real numbers, or real and imaginary parts
//   twiddles  [n, 2]                                             cos and −sin of 2πt/n
//   y         [outer, kept, inner] or [outer, kept, inner, 2]    likewise
//
// y[k] = scale·Σⱼ x[j]·exp(sign·2πi·jk/n). What x lacks of n elements is zero; y keeps the first, or their real parts.
// One workgroup transforms `together` lines, in workgroup memory, factor by factor of n in Stockham's order, so that nothing is
// permuted. Of a factor 4, a thread takes four elements to four others without multiplying them; of any other, each element is
// the sum of as many.
// Source: Cochran et al., "What is the Fast Fourier Transform?" (1967).

struct Params {
  n: u32,        // length of the transform
  lines: u32,    // outer·inner
  inner: u32,
  together: u32, // at most MOST / n
  given: u32,    // elements of a line of x
  kept: u32,     // elements of a line of y
  realX: u32,    // 1: x holds real numbers
  realY: u32,    // 1: y takes the real parts
  doubleX: u32,  // 1: x counts for its mirror image too, half a spectrum of real numbers
  doubleY: u32,  // 1: the same of y
  sign: f32,
  scale: f32,
  factors: array<vec4<u32>, 3>, // of n; 0 after the last
}

const MOST = 2048u; // elements in workgroup memory
const THREADS = 256u;
const EACH = 8u; // elements of a thread, MOST / THREADS

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> line: array<vec2<f32>, MOST>;

fn times(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// How often element k of half a spectrum stands in the whole one.
fn copies(k: u32) -> f32 {
  return select(2.0, 1.0, k == 0u || 2u * k == params.n);
}

// Place of element j of a line among those of all lines, `length` elements each.
fn place(line: u32, j: u32, length: u32) -> u32 {
  return (line / params.inner * length + j) * params.inner + line % params.inner;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * params.together;
  let elements = params.together * params.n;
  let turn = vec2(1.0, -params.sign);

  for (var e = thread; e < elements; e += THREADS) {
    let l = first + e % params.together;
    let j = e / params.together;
    var value = vec2(0.0);
    if (l < params.lines && j < params.given) {
      let i = place(l, j, params.given);
      if (params.realX == 1u) {
        value = vec2(x[i], 0.0);
      } else {
        value = vec2(x[2u * i], x[2u * i + 1u]);
      }
      if (params.doubleX == 1u) {
        value *= copies(j);
      }
    }
    line[e] = value;
  }
  workgroupBarrier();

  // Product of the factors that are done.
  var done = 1u;
  for (var round = 0u; round < 12u; round++) {
    let factor = params.factors[round / 4u][round % 4u];
    if (factor == 0u) {
      break;
    }
    let apart = params.n / factor * params.together;
    var values: array<vec2<f32>, EACH>;
    // Where each value goes, MOST where there is none.
    var places: array<u32, EACH>;
    for (var s = 0u; s < EACH; s++) {
      places[s] = MOST;
    }
    if (factor == 4u) {
      for (var s = 0u; s < EACH; s += 4u) {
        let e = thread + s / 4u * THREADS;
        if (e < apart) {
          let k = e / params.together;
          let within = k % done;
          let exponent = k - within;
          let even = line[e] + line[e + 2u * apart];
          let odd = line[e + apart] + line[e + 3u * apart];
          let evenApart = line[e] - line[e + 2u * apart];
          let oddApart = line[e + apart] - line[e + 3u * apart];
          let turned = params.sign * vec2(-oddApart.y, oddApart.x);
          values[s] = even + odd;
          values[s + 1u] = times(evenApart + turned, turn * twiddles[exponent]);
          values[s + 2u] = times(even - odd, turn * twiddles[2u * exponent]);
          values[s + 3u] = times(evenApart - turned, turn * twiddles[3u * exponent]);
          for (var t = 0u; t < 4u; t++) {
            places[s + t] = (4u * exponent + within + t * done) * params.together + e % params.together;
          }
        }
      }
    } else {
      for (var s = 0u; s < EACH; s++) {
        let e = thread + s * THREADS;
        if (e < elements) {
          places[s] = e;
          let k = e / params.together;
          let output = (k / done) % factor;
          let base = k / (done * factor) * done;
          // The exponent of the twiddle, and what it grows by from one input to the next.
          let step = params.n / factor * output;
          var exponent = base * output % params.n;
          var i = (k % done + base) * params.together + e % params.together;
          var sum = vec2(0.0);
          for (var r = 0u; r < factor; r++) {
            sum += times(line[i], turn * twiddles[exponent]);
            i += apart;
            exponent += step;
            exponent -= select(0u, params.n, exponent >= params.n);
          }
          values[s] = sum;
        }
      }
    }
    workgroupBarrier();
    for (var s = 0u; s < EACH; s++) {
      if (places[s] < MOST) {
        line[places[s]] = values[s];
      }
    }
    workgroupBarrier();
    done *= factor;
  }

  for (var e = thread; e < elements; e += THREADS) {
    let l = first + e % params.together;
    let k = e / params.together;
    if (l < params.lines && k < params.kept) {
      let i = place(l, k, params.kept);
      var value = params.scale * line[e];
      if (params.doubleY == 1u) {
        value *= copies(k);
      }
      if (params.realY == 1u) {
        y[i] = value.x;
      } else {
        y[2u * i] = value.x;
        y[2u * i + 1u] = value.y;
      }
    }
  }
}

// Partial statistics of each channel over runs of rows: what statistics.wgsl computes, for processors. There the
// threads of a workgroup do not run side by side, so that taking turns at the rows would miss the cache at every read;
// and where a kernel has a barrier, simple compilers keep all that a thread holds in memory.
//
//   x        [rows, channels]     row: one pixel of one image
//   partial  [runs, 6, channels]  base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros
//
// One thread computes one run of neighbouring rows of one value, in blocks of BLOCK rows, as a thread of
// statistics.wgsl does; one workgroup computes 32 consecutive ones, the values of a row side by side.

struct Params {
  rows: u32,
  width: u32, // values of a row
  run: u32,   // rows of a run
  runs: u32,
  nothing: u32, // 0, which no compiler knows: it keeps fast mathematics from cancelling the small parts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> partial: array<Value>;

alias Value = vec4<f32>; // four channels; or f32, where their number is no multiple of four
alias Bits = vec4<u32>;   // or u32
const BLOCK = 16u;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 32u + thread;
  let run = id / params.width;
  let column = id % params.width;
  var row = run * params.run;
  let end = min(row + params.run, params.rows);
  if (run >= params.runs || row >= end) {
    return;
  }

  var at = row * params.width + column;
  var base = x[at];
  // At first the mean is guessed from four rows.
  let few = min(end - row, 4u);
  var offset = Value();
  for (var i = 1u; i < few; i++) {
    offset += (x[at + i * params.width] - base) / f32(few);
  }
  var seen = 0.0;
  var m2 = Value();
  var low = base;
  var high = base;
  var zeros = Value();
  while (row < end) {
    let count = min(BLOCK, end - row);
    // The mean so far becomes the base, what rounding lost of it the offset.
    let pivot = opaque(base + offset);
    offset += base - pivot;
    base = pivot;
    var sum = Value();
    var squares = Value();
    for (var i = 0u; i < count; i++) {
      let v = x[at];
      at += params.width;
      let d = v - pivot;
      sum += d;
      squares = fma(d, d, squares);
      low = min(low, v);
      high = max(high, v);
      zeros += select(Value(), Value(1.0), v == Value());
    }
    row += count;
    let n = f32(count);
    let total = seen + n;
    let mean = sum / n;
    let delta = mean - offset;
    offset += delta * (n / total);
    m2 += max(squares - sum * mean, Value()) + delta * delta * (seen * n / total);
    seen = total;
  }

  let o = run * 6u * params.width + column;
  partial[o] = base;
  partial[o + params.width] = offset;
  partial[o + 2u * params.width] = m2;
  partial[o + 3u * params.width] = low;
  partial[o + 4u * params.width] = high;
  partial[o + 5u * params.width] = zeros;
}

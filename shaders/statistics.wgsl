// Partial statistics of each channel over strips of rows: mean, sum of squared deviations, least, largest, zeros; one
// pass.
//
//   x        [rows, channels]       row: one pixel of one image
//   partial  [strips, 6, channels]  base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros
//
// A thread takes blocks of BLOCK rows; within a block it sums differences from the mean so far (at first of four rows),
// so that about one bit cancels, and merges the blocks by Chan, Golub & LeVeque (1979). A mean is the sum of a large
// and a small number: that it lies far from zero costs no accuracy.
// One workgroup computes one strip of `lanes` neighbouring values; its `slots` threads a value take turns at the rows.

struct Params {
  rows: u32,
  width: u32,  // values of a row
  lanes: u32,  // values of a workgroup
  slots: u32,  // ⌊threads / lanes⌋
  tiles: u32,  // ⌈width / lanes⌉
  strip: u32,  // rows of a strip
  strips: u32,
  nothing: u32, // 0, which no compiler knows: it keeps fast mathematics from cancelling the small parts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> partial: array<Value>;

alias Value = vec4<f32>; // four channels; or f32, where their number is no multiple of four
alias Bits = vec4<u32>;   // or u32
const BLOCK = 16u;
const THREADS = 128u;

struct Moments {
  count: f32,
  base: Value,
  offset: Value,
  m2: Value,
  low: Value,
  high: Value,
  zeros: Value,
}

var<workgroup> others: array<Moments, THREADS / 2u>;

fn merge(a: Moments, b: Moments) -> Moments {
  var all = a;
  all.count = a.count + b.count;
  let share = b.count / all.count;
  let delta = (b.base - a.base) + (b.offset - a.offset);
  all.offset += delta * share;
  let base = opaque(all.base + all.offset);
  all.offset += all.base - base;
  all.base = base;
  all.m2 += b.m2 + delta * delta * (a.count * share);
  all.low = min(a.low, b.low);
  all.high = max(a.high, b.high);
  all.zeros += b.zeros;
  return all;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  let strip = id / params.tiles;
  let lane = thread % params.lanes;
  let slot = thread / params.lanes;
  let column = (id % params.tiles) * params.lanes + lane;
  let end = min((strip + 1u) * params.strip, params.rows);
  var row = strip * params.strip + slot;
  if (slot >= params.slots || column >= params.width) {
    row = end;
  }

  var mine: Moments;
  if (row < end) {
    mine.base = x[row * params.width + column];
    mine.low = mine.base;
    mine.high = mine.base;
  }
  while (row < end) {
    let count = min(BLOCK, (end - row + params.slots - 1u) / params.slots);
    var at = row * params.width + column;
    let step = params.slots * params.width;
    if (mine.count == 0.0) {
      let few = min(count, 4u);
      for (var i = 1u; i < few; i++) {
        mine.offset += (x[at + i * step] - mine.base) / f32(few);
      }
    }
    // The mean so far becomes the base, what rounding lost of it the offset.
    let pivot = opaque(mine.base + mine.offset);
    mine.offset += mine.base - pivot;
    mine.base = pivot;
    var sum = Value();
    var squares = Value();
    for (var i = 0u; i < count; i++) {
      let v = x[at];
      at += step;
      let d = v - pivot;
      sum += d;
      squares = fma(d, d, squares);
      mine.low = min(mine.low, v);
      mine.high = max(mine.high, v);
      mine.zeros += select(Value(), Value(1.0), v == Value());
    }
    row += count * params.slots;
    let n = f32(count);
    let total = mine.count + n;
    let mean = sum / n;
    let delta = mean - mine.offset;
    mine.offset += delta * (n / total);
    mine.m2 += max(squares - sum * mean, Value()) + delta * delta * (mine.count * n / total);
    mine.count = total;
  }

  var stride = 1u;
  while (stride < params.slots) {
    stride *= 2u;
  }
  while (stride > 1u) {
    stride /= 2u;
    if (slot >= stride && slot < 2u * stride && slot < params.slots) {
      others[(slot - stride) * params.lanes + lane] = mine;
    }
    workgroupBarrier();
    if (slot < stride && slot + stride < params.slots) {
      let other = others[slot * params.lanes + lane];
      if (other.count > 0.0) {
        mine = merge(mine, other);
      }
    }
    workgroupBarrier();
  }
  if (slot == 0u && column < params.width && strip < params.strips) {
    let o = strip * 6u * params.width + column;
    partial[o] = mine.base;
    partial[o + params.width] = mine.offset;
    partial[o + 2u * params.width] = mine.m2;
    partial[o + 3u * params.width] = mine.low;
    partial[o + 4u * params.width] = mine.high;
    partial[o + 5u * params.width] = mine.zeros;
  }
}

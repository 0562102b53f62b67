// Statistics of each channel over the places of one image, for every image of a batch; one pass.
//
//   x  [images, pixels, channels]
//   y  [7, images, channels]  base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros, and the place
//                             of the maximum, of equals the first
//
// As in statistics.wgsl a thread takes blocks of BLOCK places and merges them by Chan, Golub & LeVeque (1979). An image's
// numbers depend on that image alone, so they are the same bits in any batch.
// SLOTS threads take turns at the places of a column, one value of one image; a workgroup computes 64 / SLOTS columns.

struct Params {
  pixels: u32,
  width: u32,   // values of a place
  columns: u32, // values of all images' places: images · width
  nothing: u32, // 0, which no compiler knows: it keeps fast mathematics from cancelling the small parts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

alias Value = vec4<f32>; // four channels; or f32, where their number is no multiple of four
alias Bits = vec4<u32>;   // or u32
const BLOCK = 16u;
const SLOTS = 1u; // a power of two
const COLUMNS = 64u / SLOTS;

struct Moments {
  count: f32,
  base: Value,
  offset: Value,
  m2: Value,
  low: Value,
  high: Value,
  zeros: Value,
  place: Value,
}

var<workgroup> others: array<Moments, 32>;

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
  all.place = select(a.place, b.place, (b.high > a.high) | ((b.high == a.high) & (b.place < a.place)));
  return all;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = thread % COLUMNS;
  let slot = thread / COLUMNS;
  let column = (group.x + group.y * groups.x) * COLUMNS + lane;
  let image = column / params.width;
  let first = image * params.pixels * params.width + column % params.width;
  var row = select(params.pixels, slot, column < params.columns);

  var mine: Moments;
  if (row < params.pixels) {
    mine.base = x[first + row * params.width];
    mine.low = mine.base;
    mine.high = mine.base;
    mine.place = Value(f32(row));
  }
  while (row < params.pixels) {
    let count = min(BLOCK, (params.pixels - row + SLOTS - 1u) / SLOTS);
    var at = first + row * params.width;
    let step = SLOTS * params.width;
    if (mine.count == 0.0) {
      // At first the mean is guessed from four places.
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
      mine.place = select(mine.place, Value(f32(row + i * SLOTS)), v > mine.high);
      mine.high = max(mine.high, v);
      mine.zeros += select(Value(), Value(1.0), v == Value());
    }
    row += count * SLOTS;
    let n = f32(count);
    let total = mine.count + n;
    let mean = sum / n;
    let delta = mean - mine.offset;
    mine.offset += delta * (n / total);
    mine.m2 += max(squares - sum * mean, Value()) + delta * delta * (mine.count * n / total);
    mine.count = total;
  }

  for (var stride = SLOTS / 2u; stride > 0u; stride /= 2u) {
    if (slot >= stride && slot < 2u * stride) {
      others[(slot - stride) * COLUMNS + lane] = mine;
    }
    workgroupBarrier();
    if (slot < stride) {
      let other = others[slot * COLUMNS + lane];
      if (other.count > 0.0) {
        mine = merge(mine, other);
      }
    }
    workgroupBarrier();
  }
  if (slot == 0u && column < params.columns) {
    y[column] = mine.base;
    y[column + params.columns] = mine.offset;
    y[column + 2u * params.columns] = mine.m2;
    y[column + 3u * params.columns] = mine.low;
    y[column + 4u * params.columns] = mine.high;
    y[column + 5u * params.columns] = mine.zeros;
    y[column + 6u * params.columns] = mine.place;
  }
}

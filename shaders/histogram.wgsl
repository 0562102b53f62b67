// Counts how many values of each channel fall into each bin of a range, and below and above it.
//
//   range   [ranges, 4]             least and largest value, bins / (largest − least), unused
//   x       [rows, channels]
//   counts  [ranges, BINS + 2, 2]   below, the bins, above; each a low and a high word; added to
//
// There is one range a channel, or one for all. Bins are half open but for the last, as in numpy. A thread counts the
// rows of WIDTH channels by itself in workgroup memory, so that counting needs no atomics; these sums of whole numbers
// are then added atomically, the same in any order.
// One workgroup computes one strip of rows of `lanes` neighbouring values of x, `slots` rows at a time.

struct Params {
  rows: u32,
  width: u32,  // values of a row: channels / WIDTH
  lanes: u32,
  slots: u32,
  tiles: u32,  // ⌈width / lanes⌉
  strip: u32,  // rows of a strip
  shared_range: u32, // 1: one range for all channels
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> range: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> x: array<Value>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

alias Value = vec4<f32>; // or f32, with WIDTH = 1
const WIDTH = 4u; // or 1
const BINS = 64u;
const THREADS = 8u;

var<workgroup> own: array<u32, (BINS + 2u) * WIDTH * THREADS>;

/// A whole number below 2²³ as an integer. Beside 2²³ its bits are a float's last; u32() of many a compiler goes lane by lane.
fn integer(whole: f32) -> u32 {
  return bitcast<u32>(whole + 8388608.0) & 0x7fffffu;
}

/// One more in the bin of v, of channel c of this thread's.
fn tally(v: f32, bounds: vec4<f32>, c: u32, thread: u32) {
  var bin = 1u + min(integer(clamp(floor((v - bounds.x) * bounds.z), 0.0, f32(BINS))), BINS - 1u);
  bin = select(bin, 0u, v < bounds.x);
  bin = select(bin, BINS + 1u, v > bounds.y);
  own[(bin * WIDTH + c) * THREADS + thread] += 1u;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  let strip = id / params.tiles;
  let slot = thread / params.lanes;
  let column = (id % params.tiles) * params.lanes + thread % params.lanes;
  if (slot >= params.slots || column >= params.width) {
    return;
  }
  let each = 1u - params.shared_range; // ranges of a channel
  let first = column * WIDTH * each;
  // Not an array, which simple compilers keep in memory where loops index it.
  let bounds0 = range[first];
  let bounds1 = range[first + min(1u, WIDTH - 1u) * each];
  let bounds2 = range[first + min(2u, WIDTH - 1u) * each];
  let bounds3 = range[first + min(3u, WIDTH - 1u) * each];
  let end = min((strip + 1u) * params.strip, params.rows);
  for (var row = strip * params.strip + slot; row < end; row += params.slots) {
    let v = vec4<f32>(x[row * params.width + column]);
    tally(v.x, bounds0, 0u, thread);
    if (WIDTH > 1u) {
      tally(v.y, bounds1, 1u, thread);
      tally(v.z, bounds2, 2u, thread);
      tally(v.w, bounds3, 3u, thread);
    }
  }
  for (var bin = 0u; bin < BINS + 2u; bin++) {
    for (var c = 0u; c < WIDTH; c++) {
      let count = own[(bin * WIDTH + c) * THREADS + thread];
      if (count > 0u) {
        let o = ((first + c * each) * (BINS + 2u) + bin) * 2u;
        let before = atomicAdd(&counts[o], count);
        if (before + count < before) {
          atomicAdd(&counts[o + 1u], 1u);
        }
      }
    }
  }
}

// Counts how many values of each channel fall into each bin of a range, and below and above it.
//
//   range   [ranges, 4]             least and largest value, bins / (largest − least), unused
//   x       [rows, channels]
//   counts  [ranges, BINS + 2, 2]   below, the bins, above; each a low and a high word; added to
//
// There is one range a channel, or one for all. Bins are half open but for the last, as in numpy. A thread counts the rows of
// WIDTH channels by itself in workgroup memory, so that counting needs no atomics; these sums of whole numbers are then
// added atomically, the same in any order.
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
const WIDTH = 4u;
const BINS = 64u;
const THREADS = 8u;

var<workgroup> own: array<u32, (BINS + 2u) * WIDTH * THREADS>;

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
  var which: array<u32, WIDTH>; // ranges of this thread's channels
  var bounds: array<vec4<f32>, WIDTH>;
  for (var c = 0u; c < WIDTH; c++) {
    which[c] = select(column * WIDTH + c, 0u, params.shared_range == 1u);
    bounds[c] = range[which[c]];
  }
  let end = min((strip + 1u) * params.strip, params.rows);
  for (var row = strip * params.strip + slot; row < end; row += params.slots) {
    let v = vec4<f32>(x[row * params.width + column]);
    for (var c = 0u; c < WIDTH; c++) {
      var bin = 1u + min(u32(max((v[c] - bounds[c].x) * bounds[c].z, 0.0)), BINS - 1u);
      bin = select(bin, 0u, v[c] < bounds[c].x);
      bin = select(bin, BINS + 1u, v[c] > bounds[c].y);
      own[(bin * WIDTH + c) * THREADS + thread] += 1u;
    }
  }
  for (var bin = 0u; bin < BINS + 2u; bin++) {
    for (var c = 0u; c < WIDTH; c++) {
      let count = own[(bin * WIDTH + c) * THREADS + thread];
      if (count > 0u) {
        let o = (which[c] * (BINS + 2u) + bin) * 2u;
        let before = atomicAdd(&counts[o], count);
        if (before + count < before) {
          atomicAdd(&counts[o + 1u], 1u);
        }
      }
    }
  }
}

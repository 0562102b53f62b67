// Merges the partial statistics of strips in a fixed order, and then into a summary that lasts from batch to batch.
//
//   partial  [strips, 6, channels]  as statistics.wgsl leaves it
//   summary  [10, channels]         count (low and high word), mean and Σ (x − mean)² (each as the sum of a large and a
//                                   small f32), minimum, maximum, zeros (low and high word); all zero: nothing seen yet
//
// After Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979); the
// sums that grow from batch to batch are kept in two floats (Dekker 1971), so that they do not drift.
// One workgroup merges LANES channels; PARTS threads a channel take a run of strips each.

struct Params {
  rows: u32,
  channels: u32,
  strip: u32,   // rows of a strip
  strips: u32,
  run: u32,     // strips of a thread
  accumulate: u32, // 0: what the summary holds is forgotten
  nothing: u32, // 0, which no compiler knows: it keeps fast mathematics from cancelling the small parts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> summary: array<u32>;

const LANES = 16u;
const PARTS = 16u;

alias Value = f32; // of the shared blocks
alias Bits = u32;

struct Moments {
  count: f32,
  base: f32,
  offset: f32,
  m2: f32,
  low: f32,
  high: f32,
  zeros: u32,
}

var<workgroup> runs: array<Moments, LANES * PARTS>;

fn merge(a: Moments, b: Moments) -> Moments {
  if (a.count == 0.0) {
    return b;
  }
  if (b.count == 0.0) {
    return a;
  }
  var all = a;
  all.count = a.count + b.count;
  let share = b.count / all.count;
  let delta = (b.base - a.base) + (b.offset - a.offset);
  all.offset += delta * share;
  all.m2 += b.m2 + delta * delta * (a.count * share);
  all.low = min(a.low, b.low);
  all.high = max(a.high, b.high);
  all.zeros += b.zeros;
  return all;
}

/// a + b and what rounding lost of it.
fn twoSum(a: f32, b: f32) -> vec2<f32> {
  let s = opaque(a + b);
  let t = opaque(s - a);
  return vec2<f32>(s, (a - opaque(s - t)) + (b - t));
}

@compute @workgroup_size(LANES, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % LANES;
  let part = thread / LANES;
  let channel = group.x * LANES + lane;
  let c = params.channels;
  var mine: Moments;
  if (channel < c) {
    let last = min((part + 1u) * params.run, params.strips);
    for (var s = part * params.run; s < last; s++) {
      let o = s * 6u * c + channel;
      let first = s * params.strip;
      let count = f32(min(params.strip, params.rows - first));
      mine = merge(mine, Moments(
        count, partial[o], partial[o + c], partial[o + 2u * c], partial[o + 3u * c], partial[o + 4u * c],
        u32(partial[o + 5u * c]),
      ));
    }
  }
  runs[thread] = mine;
  workgroupBarrier();
  for (var stride = 1u; stride < PARTS; stride *= 2u) {
    if (part % (2u * stride) == 0u) {
      runs[thread] = merge(runs[thread], runs[thread + stride * LANES]);
    }
    workgroupBarrier();
  }
  if (part != 0u || channel >= c) {
    return;
  }

  mine = runs[thread];
  var count = vec2<u32>(params.rows, 0u);
  var zeros = vec2<u32>(mine.zeros, 0u);
  var mean = twoSum(mine.base, mine.offset);
  var m2 = vec2<f32>(mine.m2, 0.0);
  let seen = vec2<u32>(summary[channel], summary[c + channel]);
  if (params.accumulate == 1u && any(seen != vec2<u32>())) {
    let a = f32(seen.y) * 4294967296.0 + f32(seen.x);
    let b = f32(params.rows);
    let share = b / (a + b);
    let before = vec2<f32>(bitcast<f32>(summary[2u * c + channel]), bitcast<f32>(summary[3u * c + channel]));
    let delta = (mine.base - before.x) + (mine.offset - before.y);
    // Differences from the mean before are small: what rounds is their last bit.
    let moved = twoSum(before.x, before.y + delta * share);
    mean = moved;
    let old = vec2<f32>(bitcast<f32>(summary[4u * c + channel]), bitcast<f32>(summary[5u * c + channel]));
    let sum = twoSum(old.x, mine.m2 + delta * delta * (a * share));
    m2 = twoSum(sum.x, sum.y + old.y);
    mine.low = min(mine.low, bitcast<f32>(summary[6u * c + channel]));
    mine.high = max(mine.high, bitcast<f32>(summary[7u * c + channel]));
    count.x += seen.x;
    count.y = seen.y + select(0u, 1u, count.x < seen.x);
    let zerosBefore = summary[8u * c + channel];
    zeros.x += zerosBefore;
    zeros.y = summary[9u * c + channel] + select(0u, 1u, zeros.x < zerosBefore);
  }
  summary[channel] = count.x;
  summary[c + channel] = count.y;
  summary[2u * c + channel] = bitcast<u32>(mean.x);
  summary[3u * c + channel] = bitcast<u32>(mean.y);
  summary[4u * c + channel] = bitcast<u32>(m2.x);
  summary[5u * c + channel] = bitcast<u32>(m2.y);
  summary[6u * c + channel] = bitcast<u32>(mine.low);
  summary[7u * c + channel] = bitcast<u32>(mine.high);
  summary[8u * c + channel] = zeros.x;
  summary[9u * c + channel] = zeros.y;
}

// Merges runs of neighbouring strips of partial statistics into one strip each, in a fixed order.
//
//   partial  [strips, 6, channels]             as statistics.wgsl leaves it
//   y        [⌈strips / run⌉, 6, channels]     the same of `run` strips together
//
// After Chan, Golub & LeVeque (1979); see statistics_merge.wgsl. One workgroup computes 64 channels of one strip of y.

struct Params {
  rows: u32,
  channels: u32,
  strip: u32,  // rows of a strip of `partial`
  strips: u32,
  run: u32,
  tiles: u32,  // workgroups side by side over the channels
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  let c = params.channels;
  let channel = (id % params.tiles) * 64u + thread;
  let first = (id / params.tiles) * params.run;
  if (channel >= c || first >= params.strips) {
    return;
  }
  var o = first * 6u * c + channel;
  var total = f32(min(params.strip, params.rows - first * params.strip));
  let base = partial[o];
  var offset = partial[o + c];
  var m2 = partial[o + 2u * c];
  var low = partial[o + 3u * c];
  var high = partial[o + 4u * c];
  var zeros = partial[o + 5u * c];
  let last = min(first + params.run, params.strips);
  for (var s = first + 1u; s < last; s++) {
    o += 6u * c;
    let count = f32(min(params.strip, params.rows - s * params.strip));
    let share = count / (total + count);
    let delta = (partial[o] - base) + (partial[o + c] - offset);
    offset += delta * share;
    m2 += partial[o + 2u * c] + delta * delta * (total * share);
    low = min(low, partial[o + 3u * c]);
    high = max(high, partial[o + 4u * c]);
    zeros += partial[o + 5u * c];
    total += count;
  }
  o = (first / params.run) * 6u * c + channel;
  y[o] = base;
  y[o + c] = offset;
  y[o + 2u * c] = m2;
  y[o + 3u * c] = low;
  y[o + 4u * c] = high;
  y[o + 5u * c] = zeros;
}

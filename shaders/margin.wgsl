// The margin of a class: terms = min(a_t − max over i ≠ t of a_i, most), best = that i, the first of several; NONE where the margin is
// above most, and so has no slope.
//
//   a      [N, channels]
//   terms  [N]
//   best   [N]
//
// Carlini & Wagner 2017, f6. One workgroup computes one image.

struct Params {
  images: u32,
  channels: u32,
  asked: u32, // t
  most: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> best: array<u32>;

alias Value = f32; // of the shared blocks
const THREADS = 64u;
const NONE = 0xffffffffu;
const LEAST = -3.4028234e38;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let image = group.x + group.y * groups.x;
  if (image >= params.images) {
    return;
  }
  let first = image * params.channels;
  var own = LEAST;
  var index = params.channels;
  for (var k = thread; k < params.channels; k += THREADS) {
    if (k != params.asked && (index == params.channels || a[first + k] > own)) {
      own = a[first + k];
      index = k;
    }
  }
  let top = largest(thread, own);
  // The lowest index, as whole numbers below 2^24 are exact.
  let place = -largest(thread, select(LEAST, -f32(index), own == top));
  if (thread == 0u) {
    let margin = a[first + params.asked] - top;
    let beyond = margin > params.most;
    terms[image] = select(margin, params.most, beyond);
    best[image] = select(u32(place), NONE, beyond);
  }
}

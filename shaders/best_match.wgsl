// The best match of each place among those of a guide: terms = max over q of ⟨a, y_q⟩, best = that q, the first of several.
//
//   a      [places, channels]  places of all images
//   y      [guides, channels]
//   best   [places]
//   terms  [places]
//
// Guided dreams of DeepDream's notebook. One workgroup computes one place; its 64 threads share the guide's places.

struct Params {
  places: u32,
  guides: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> best: array<u32>;
@group(0) @binding(4) var<storage, read_write> terms: array<f32>;

const THREADS = 64u;
var<workgroup> values: array<f32, THREADS>;
var<workgroup> guides: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  if (place >= params.places) {
    return;
  }
  values[thread] = -3.4028234e38;
  guides[thread] = 0u;
  for (var q = thread; q < params.guides; q += THREADS) {
    var product = 0.0;
    for (var k = 0u; k < params.channels; k++) {
      product += a[place * params.channels + k] * y[q * params.channels + k];
    }
    if (product > values[thread]) {
      values[thread] = product;
      guides[thread] = q;
    }
  }
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      let other = thread + stride;
      let better = values[other] > values[thread];
      let first = values[other] == values[thread] && guides[other] < guides[thread];
      if (better || first) {
        values[thread] = values[other];
        guides[thread] = guides[other];
      }
    }
  }
  if (thread == 0u) {
    best[place] = guides[0];
    terms[place] = values[0];
  }
}

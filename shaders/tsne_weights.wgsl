// The sum of the weights of all pairs of different points: what makes them probabilities.
//
//   sums   [parts, 4, points]  as tsne_repulsion.wgsl leaves them
//   whole  [1]                 Σ over i ≠ j of w
//
// One workgroup does it, each of its threads every 256th point.

struct Params {
  points: u32,
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> whole: array<f32>;

alias Value = f32;
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < params.points; i += THREADS) {
    var ofPoint = -1.0; // the weight of a point with itself
    for (var part = 0u; part < params.parts; part++) {
      ofPoint += sums[(part * 4u + 3u) * params.points + i];
    }
    sum += ofPoint;
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    // Points that are all far from each other: no number is divided by 0.
    whole[0] = max(sum, 1e-30);
  }
}

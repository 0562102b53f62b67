// What each point adds to t-SNE's divergence: Σⱼ pᵢⱼ·log(pᵢⱼ / qᵢⱼ), with q = w / Σ w and w = 1 / (1 + |yᵢ − yⱼ|²).
//
//   y       [points, dimensions]  places
//   starts  [points + 1]          where the neighbours of each point begin in others and p
//   others  [pairs]               numbers of the neighbours
//   p       [pairs]               joint probabilities
//   whole   [1]                   Σ w over all pairs
//   terms   [points]
//
// One thread computes one point.

struct Params {
  points: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> others: array<u32>;
@group(0) @binding(4) var<storage, read> p: array<f32>;
@group(0) @binding(5) var<storage, read> whole: array<f32>;
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let point = id.x + id.y * groups.x * 64u;
  if (point >= params.points) {
    return;
  }
  let here = mapPlace(point);
  var sum = 0.0;
  for (var i = starts[point]; i < starts[point + 1u]; i++) {
    let apart = here - mapPlace(others[i]);
    // What is 0 adds nothing.
    if (p[i] > 1e-37) {
      sum += p[i] * (log(p[i]) + log(whole[0]) + log(1.0 + dot(apart, apart)));
    }
  }
  terms[point] = sum;
}

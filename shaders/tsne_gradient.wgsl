// The gradient of t-SNE's divergence: 4·Σⱼ (e·pᵢⱼ − qᵢⱼ)·(yᵢ − yⱼ)·w, with w = 1 / (1 + |yᵢ − yⱼ|²) and q = w / Σ w.
//
//   y       [points, dimensions]  places
//   starts  [points + 1]          where the neighbours of each point begin in others and p
//   others  [pairs]               numbers of the neighbours
//   p       [pairs]               joint probabilities
//   sums    [parts, 4, points]    as tsne_repulsion.wgsl leaves them
//   whole   [1]                   Σ w over all pairs
//   step    [1]                   number of the iteration: before `early`, p is exaggerated
//   g       [points, dimensions]  gradient
//
// One thread computes one point. After van der Maaten and Hinton 2008.

struct Params {
  points: u32,
  parts: u32,
  early: u32,
  exaggeration: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> others: array<u32>;
@group(0) @binding(4) var<storage, read> p: array<f32>;
@group(0) @binding(5) var<storage, read> sums: array<f32>;
@group(0) @binding(6) var<storage, read> whole: array<f32>;
@group(0) @binding(7) var<storage, read> step: array<u32>;
@group(0) @binding(8) var<storage, read_write> g: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let point = id.x + id.y * groups.x * 64u;
  if (point >= params.points) {
    return;
  }
  let here = mapPlace(point);
  var pull = vec3<f32>();
  for (var i = starts[point]; i < starts[point + 1u]; i++) {
    let apart = here - mapPlace(others[i]);
    pull += p[i] / (1.0 + dot(apart, apart)) * apart;
  }
  var push = vec3<f32>();
  for (var part = 0u; part < params.parts; part++) {
    let at = part * 4u * params.points + point;
    push += vec3<f32>(sums[at], sums[at + params.points], select(0.0, sums[at + 2u * params.points], DIMENSIONS == 3u));
  }
  let exaggeration = select(1.0, params.exaggeration, step[0] < params.early);
  let gradient = 4.0 * (exaggeration * pull - push / whole[0]);
  for (var c = 0u; c < DIMENSIONS; c++) {
    g[point * DIMENSIONS + c] = gradient[c];
  }
}

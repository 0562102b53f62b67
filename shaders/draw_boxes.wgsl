// Draws a square crop for each view, as the map from the pixels of what it is resized to. Its side, as a share of the picture's, is
// normal around a mean that moves linearly with the step, and kept within [least, 1]; its centre is normal around the picture's.
//
//   numbers  [N]      number of each view
//   step     [1]      number of the step
//   maps     [N, 6]   see blocks/affine_places.wgsl
//
// A draw is a function of (seed, number, step). One workgroup computes 64 maps. Source: MACO (Fel et al. 2023).

struct Params {
  image: vec2<f32>, // h, w
  view: vec2<f32>,  // H, W
  mean: vec2<f32>,  // side at step 0, and at step `steps` and after
  steps: f32,
  sd: f32,
  least: f32,
  uniform_share: f32, // the side moves by U(±this) too
  centre_sd: f32,
  views: u32, // N
  seed: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numbers: array<u32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read_write> maps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let n = id.x;
  if (n >= params.views) {
    return;
  }
  let key = drawn(params.seed, numbers[n], step[0]);
  let mean = mix(params.mean.x, params.mean.y, min(f32(step[0]) / params.steps, 1.0));
  let spread = params.sd * gaussian(drawn(key, 0u, 0u)) + params.uniform_share * symmetric(drawn(key, 1u, 0u));
  let side = clamp(mean + spread, params.least, 1.0);
  let centre = 0.5 + params.centre_sd * vec2(gaussian(drawn(key, 2u, 0u)), gaussian(drawn(key, 3u, 0u)));
  let ratio = side * params.image / params.view;
  let first = (centre - 0.5 * side) * params.image + 0.5 * ratio - 0.5;
  let m = 6u * n;
  maps[m] = ratio.x;
  maps[m + 1u] = 0.0;
  maps[m + 2u] = first.x;
  maps[m + 3u] = 0.0;
  maps[m + 4u] = ratio.y;
  maps[m + 5u] = first.y;
}

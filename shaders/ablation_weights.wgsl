// Ablation-CAM's weights: how much of the score each map carries, w_k = (S − S without map k) / |S|
// (Desai & Ramaswamy 2020, eq. 3).
//
//   scores  [1 + C]  S, then S without each map
//   w       [C]      the weights; for S = 0, the fall itself
//
// One workgroup computes 64 weights.

struct Params {
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.channels) {
    let whole = scores[0];
    w[id.x] = (whole - scores[id.x + 1u]) / select(abs(whole), 1.0, whole == 0.0);
  }
}

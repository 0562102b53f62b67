// Grad-CAM++'s weights of a layer's maps: w_k = Σ_ij α_kij·relu(g_kij), α = g² / (2g² + (Σ_ab A_ab)·g³)
// (Chattopadhay et al. 2018, arXiv:1710.11063, eq. 19, for Y = exp S; up to the factor exp S, which all maps share).
//
//   a  [1, H, W, C]  activations of a layer
//   g  [1, H, W, C]  gradient of the objective S to them
//   w  [C]           the weights
//
// α·g is g / (2 + ΣA·g) wherever g > 0, which does not underflow; where the denominator is 0, α is taken as 0.
// One workgroup computes 64 channels, a thread each.

struct Params {
  pixels: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  if (channel >= params.channels) {
    return;
  }
  var total = 0.0;
  for (var pixel = 0u; pixel < params.pixels; pixel++) {
    total += a[pixel * params.channels + channel];
  }
  var sum = 0.0;
  for (var pixel = 0u; pixel < params.pixels; pixel++) {
    let slope = g[pixel * params.channels + channel];
    let below = 2.0 + total * slope;
    if (slope > 0.0 && below != 0.0) {
      sum += slope / below;
    }
  }
  w[channel] = sum;
}

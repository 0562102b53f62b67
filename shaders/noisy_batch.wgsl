// Fills a batch with noisy copies of one image: y = x + sigma·ε, ε standard normal and a function of (seed, sample,
// element).
//
//   x         [H, W, C]     the image, as the network takes it
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the batch; what is beyond the last sample is noisy too and means nothing
//
// A 32-bit integer hash gives 24 bits; their midpoint u in (−1, 1) goes through √2·erf⁻¹(u), M. Giles' approximation
// ("Approximating the erfinv function", GPU Computing Gems 2011), accurate to single precision.
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of x
  images: u32, // N
  seed: u32,
  sigma: f32,  // in units of x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn inverseErf(u: f32) -> f32 {
  var w = -log((1.0 - u) * (1.0 + u));
  var p: f32;
  if (w < 5.0) {
    w -= 2.5;
    p = 2.81022636e-08;
    p = 3.43273939e-07 + p * w;
    p = -3.5233877e-06 + p * w;
    p = -4.39150654e-06 + p * w;
    p = 0.00021858087 + p * w;
    p = -0.00125372503 + p * w;
    p = -0.00417768164 + p * w;
    p = 0.246640727 + p * w;
    p = 1.50140941 + p * w;
  } else {
    w = sqrt(w) - 3.0;
    p = -0.000200214257;
    p = 0.000100950558 + p * w;
    p = 0.00134934322 + p * w;
    p = -0.00367342844 + p * w;
    p = 0.00573950773 + p * w;
    p = -0.0076224613 + p * w;
    p = 0.00943887047 + p * w;
    p = 1.00167406 + p * w;
    p = 2.83297682 + p * w;
  }
  return p * u;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size * params.images) {
    return;
  }
  let element = i % params.size;
  let sample = position[0] + i / params.size;
  let u = symmetric(drawn(params.seed, sample, element));
  y[i] = x[element] + params.sigma * (1.41421356 * inverseErf(u));
}

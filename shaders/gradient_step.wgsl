// A step along the gradient, of a length that may depend on the gradient's: x += min(most, rate / measure) · g,
// or by the gradient's signs alone: x += rate · sign g.
//
//   g      [images, size]  gradient
//   step   [1]             number of the step, from 0
//   rates  [steps]         rate of each step; the last one goes on
//   norms  [images]        Σ |g| or Σ g² of each image, where MEASURE is 1 to 3
//   x      [images, size]  parameters
//
// An image whose gradient is zero stays. One workgroup computes 256 consecutive elements.

struct Params {
  images: u32,
  size: u32,
  most: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> norms: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

override MEASURE: u32 = 0u; // 0: 1; 1: mean |g|; 2: √Σ g²; 3: Σ g²; 4: by signs

fn measure(image: u32) -> f32 {
  switch MEASURE {
    case 1u: { return norms[image] / f32(params.size); }
    case 2u: { return sqrt(norms[image]); }
    case 3u: { return norms[image]; }
    default: { return 1.0; }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.images * params.size) {
    return;
  }
  if (MEASURE == 4u) {
    x[i] += rateAt(step[0]) * sign(g[i]);
    return;
  }
  let length = measure(i / params.size);
  if (length > 0.0) {
    x[i] += min(params.most, rateAt(step[0]) / length) * g[i];
  }
}

// How alike an image's Gram matrix is to those of the other images: terms[n] = Σ over m ≠ n of cos(g[n], g[m]).
//
//   products  [images·views, images]  of likeness.wgsl
//   terms     [images·views]
//
// One thread computes one entry, its others in order; one workgroup 64 of them.

struct Params {
  images: u32,
  views: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> products: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let entry = id.x;
  if (entry >= params.images * params.views) {
    return;
  }
  var sum = 0.0;
  for (var image = 0u; image < params.images; image++) {
    if (image != entry / params.views) {
      sum += cosineOf(entry, image);
    }
  }
  terms[entry] = sum;
}

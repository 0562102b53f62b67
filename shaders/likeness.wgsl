// Products of the images' Gram matrices: products[n, m] = Σ g[n] · g[m], of the same view of each image.
//
//   g         [images·views, size]    the views of an image lie side by side
//   products  [images·views, images]
//
// One workgroup computes one product, as a tree over 256 strided sums; that of two images is the same in either order.

struct Params {
  images: u32,
  views: u32,
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> products: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  if (index >= params.images * params.views * params.images) {
    return;
  }
  let entry = index / params.images;
  let other = index % params.images * params.views + entry % params.views;
  var sum = 0.0;
  for (var i = thread; i < params.size; i += THREADS) {
    sum += g[entry * params.size + i] * g[other * params.size + i];
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    products[index] = sum;
  }
}

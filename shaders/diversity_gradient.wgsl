// The gradient of weight · Σ over all entries of diversity.wgsl's terms to the Gram matrices. An entry is in its own term and in
// those of its others: dg[n] = 2·weight/|g[n]| · Σ over m ≠ n of (g[m]/|g[m]| − cos(g[n], g[m])·g[n]/|g[n]|).
//
//   g         [images·views, size]
//   products  [images·views, images]  of likeness.wgsl
//   dg        [images·views, size]
//
// Where g[n] is 0, so is its gradient. One workgroup computes 256 consecutive elements.

struct Params {
  images: u32,
  views: u32,
  size: u32,
  weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> products: array<f32>;
@group(0) @binding(3) var<storage, read_write> dg: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.images * params.views * params.size) {
    return;
  }
  let entry = i / params.size;
  let square = squareOf(entry);
  var slope = 0.0;
  if (square > 0.0) {
    let own = g[i] / sqrt(square);
    for (var image = 0u; image < params.images; image++) {
      let other = likewise(entry, image);
      if (other == entry || squareOf(other) <= 0.0) {
        continue;
      }
      let direction = g[other * params.size + i % params.size] / sqrt(squareOf(other));
      slope += direction - cosineOf(entry, image) * own;
    }
    slope *= 2.0 * params.weight / sqrt(square);
  }
  dg[i] = slope;
}

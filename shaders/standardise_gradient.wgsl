// Gradient of standardise.wgsl: dx = (dy − mean dy − y·mean(y·dy)·(sd + epsilon)/sd) / (sd + epsilon).
//
//   y        [images, size]       as standardise.wgsl wrote it
//   dy       [images, size]       gradient to y
//   sd       [images]             as standardise.wgsl wrote it
//   partial  [images, slices, 2]  as standardise_sums.wgsl writes it
//   dx       [images, size]
//
// An image of one value everywhere has no deviation to vary: there the last term is none.
// One workgroup computes 256 elements of an image.

struct Params {
  size: u32,  // elements of an image
  slice: u32, // elements of a slice
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> sd: array<f32>;
@group(0) @binding(4) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

var<workgroup> means: vec2<f32>; // of dy and y·dy

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  if (thread == 0u) {
    var sums = vec2(0.0);
    let slices = slicesOfImage();
    for (var slice = 0u; slice < slices; slice++) {
      sums += partial[id.y * slices + slice];
    }
    means = sums / f32(params.size);
  }
  workgroupBarrier();
  if (id.x >= params.size) {
    return;
  }
  let divisor = sd[id.y] + params.epsilon;
  let ratio = select(0.0, divisor / sd[id.y], sd[id.y] > 0.0);
  let i = id.y * params.size + id.x;
  dx[i] = (dy[i] - means.x - y[i] * means.y * ratio) / divisor;
}

// Sums of activation × gradient over the places of each image and channel, and of its magnitude (Molchanov et al. 2016, eq. 8).
//
//   a  [N, P, C]  activations
//   g  [N, P, C]  gradient of a loss to them
//   y  [2, N, C]  means over the places of a·g, and of |a·g|
//
// One thread computes one image's channel, 64 a workgroup; sums carry what rounding takes (Kahan).

struct Params {
  columns: u32, // N·C
  channels: u32,
  places: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = (group.x + group.y * groups.x) * 64u + thread;
  if (column >= params.columns) {
    return;
  }
  let image = column / params.channels;
  var at = image * params.places * params.channels + column % params.channels;
  var sum = vec2<f32>(0.0);
  var lost = vec2<f32>(0.0);
  for (var place = 0u; place < params.places; place++) {
    let product = a[at] * g[at];
    let value = vec2<f32>(product, abs(product)) - lost;
    let next = sum + value;
    lost = (next - sum) - value;
    sum = next;
    at += params.channels;
  }
  let mean = sum / f32(params.places);
  y[column] = mean.x;
  y[params.columns + column] = mean.y;
}

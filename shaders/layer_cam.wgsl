// Layer-CAM's map of one image: y = relu(Σ_k relu(g_k) ⊙ a_k), every place with its own weights (Jiang et al. 2021).
//
//   a  [1, H, W, C]  activations of a layer
//   g  [1, H, W, C]  gradient of the objective to them
//   y  [H, W]        the map, at the layer's resolution
//
// One workgroup computes 64 pixels, a thread each.

struct Params {
  pixels: u32,
  channels: u32,
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
  let pixel = (group.x + group.y * groups.x) * 64u + thread;
  if (pixel >= params.pixels) {
    return;
  }
  var sum = 0.0;
  for (var k = 0u; k < params.channels; k++) {
    let i = pixel * params.channels + k;
    sum += max(g[i], 0.0) * a[i];
  }
  y[pixel] = max(sum, 0.0);
}

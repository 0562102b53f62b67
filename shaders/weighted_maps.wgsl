// y = Σ_k w_k·a_k over the maps of a layer, of one image; rectified if asked.
//
//   a  [1, H, W, C]  activations of a layer
//   w  [C]           a weight a map
//   y  [H, W]
//
// One workgroup computes 64 pixels, a thread each.

struct Params {
  pixels: u32,
  channels: u32,
  rectify: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
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
    sum += w[k] * a[pixel * params.channels + k];
  }
  y[pixel] = select(sum, max(sum, 0.0), params.rectify == 1u);
}

// Pins a region of images to a picture: y = (1 − mask) · x + share · mask · picture. With a share of 0 it is the adjoint.
//
//   x        [images, H, W, C]
//   mask     [H, W]              0…1; where it is 1, x is not read
//   picture  [H, W, C]
//   y        [images, H, W, C]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // elements of an image
  total: u32,
  channels: u32,
  share: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> picture: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.total) {
    return;
  }
  let element = i % params.size;
  let pinned = mask[element / params.channels];
  var value = params.share * pinned * picture[element];
  if (pinned < 1.0) {
    value += (1.0 - pinned) * x[i];
  }
  y[i] = value;
}

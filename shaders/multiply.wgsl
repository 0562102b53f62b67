// y = a·b, b repeated over the pixels of an image where it has only one. Also its own gradient: da = dy·b.
//
//   a  [N, pixels, channels]
//   b  [N, pixels, channels], or [N, channels] with BROADCAST
//   y  [N, pixels, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // N·pixels·channels
  pixels: u32,
  channels: u32,
  accumulate: u32, // 1: add to y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override BROADCAST: bool = false;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  var j = i;
  if (BROADCAST) {
    j = i / (params.pixels * params.channels) * params.channels + i % params.channels;
  }
  var product = a[i] * b[j];
  if (params.accumulate == 1u) {
    product += y[i];
  }
  y[i] = product;
}

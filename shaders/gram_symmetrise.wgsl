// s = scale · (dy + dyᵀ), padded with zeros to whole chunks of four channels.
//
//   dy  [images, channels, channels]  gradient to a Gram matrix
//   s   [images, padded, padded]      padded: channels rounded up to a multiple of 4
//
// One workgroup computes 64 consecutive elements of s.

struct Params {
  images: u32,
  channels: u32,
  padded: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> s: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  let j = id % params.padded;
  let i = (id / params.padded) % params.padded;
  let image = id / params.padded / params.padded;
  if (image >= params.images) {
    return;
  }
  var value = 0.0;
  if (i < params.channels && j < params.channels) {
    let base = image * params.channels * params.channels;
    value = params.scale * (dy[base + i * params.channels + j] + dy[base + j * params.channels + i]);
  }
  s[id] = value;
}

// Sums of an account's blocks: what a layer's biases and its stabiliser took of the relevance, image by image.
//
//   partials  [images, blocks, 2]         see relevance_ratio.wgsl
//   account   [entries, images, 2]        entry `slot` is written
//
// One workgroup computes one image, a tree over 256 strided partial sums.

struct Params {
  images: u32,
  blocks: u32,
  slot: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> account: array<vec2<f32>>;

alias Value = vec2<f32>; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let image = group.x + group.y * groups.x;
  if (image >= params.images) {
    return;
  }
  var sum = vec2<f32>(0.0);
  for (var i = thread; i < params.blocks; i += THREADS) {
    sum += partials[image * params.blocks + i];
  }
  let all = total(thread, sum);
  if (thread == 0u) {
    account[params.slot * params.images + image] = all;
  }
}

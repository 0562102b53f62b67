// Fills a layer with copies of one image's activations, in each another map set to zero: sample 0 is whole, sample 1 +
// k lacks map k (Ablation-CAM, Desai & Ramaswamy 2020).
//
//   a         [1, H, W, C]  activations of the image
//   position  [2]           number of the batch's first sample, and how many samples it has
//   y         [N, H, W, C]  the layer; what is beyond the last sample is whole
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of a
  channels: u32,
  images: u32, // N
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size * params.images) {
    return;
  }
  let element = i % params.size;
  let sample = position[0] + i / params.size;
  y[i] = select(a[element], 0.0, element % params.channels + 1u == sample);
}

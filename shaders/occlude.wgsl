// Fills a batch with copies of one image, a different patch of each covered: the next images of an occlusion sweep.
//
//   x      [H, W, C]     the image, as the network takes it
//   fill   [C]           what covers it, in the same units
//   sweep  [1]           number of the batch's first image in the sweep
//   y      [N, H, W, C]  the batch
//
// Image 0 of the sweep is the clean one; image 1 + row·columns + column is covered from min(row·stride, H − patch),
// min(column·stride, W − patch) on. One workgroup computes 256 consecutive elements.

struct Params {
  images: u32, // N
  height: u32,
  width: u32,
  channels: u32,
  patch_height: u32,
  patch_width: u32,
  stride_y: u32,
  stride_x: u32,
  columns: u32, // patches in a row of the sweep
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> fill: array<f32>;
@group(0) @binding(3) var<storage, read> sweep: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  let size = params.height * params.width * params.channels;
  if (i >= size * params.images) {
    return;
  }
  let image = sweep[0] + i / size;
  let element = i % size;
  let channel = element % params.channels;
  let column = (element / params.channels) % params.width;
  let row = element / (params.channels * params.width);
  var value = x[element];
  if (image > 0u) {
    let top = min((image - 1u) / params.columns * params.stride_y, params.height - params.patch_height);
    let left = min((image - 1u) % params.columns * params.stride_x, params.width - params.patch_width);
    if (row >= top && row < top + params.patch_height && column >= left && column < left + params.patch_width) {
      value = fill[channel];
    }
  }
  y[i] = value;
}

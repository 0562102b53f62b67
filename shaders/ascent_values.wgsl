// The objective of each image of an ascent, from that of its views.
//
//   views   [images·views]  objective of each view; those of an image stand together
//   at      [images]        objective at the image itself
//   step    [1]             number of the step
//   values  [images]        the sum of both
//   recent  [steps, images]  the values of the last steps: those of step k in row k mod steps
//
// One thread computes one image.

struct Params {
  images: u32,
  views: u32,
  steps: u32, // rows of recent
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> views: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<f32>;
@group(0) @binding(3) var<storage, read> step: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> recent: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let image = id.x;
  if (image >= params.images) {
    return;
  }
  var sum = 0.0;
  for (var view = 0u; view < params.views; view++) {
    sum += views[image * params.views + view];
  }
  sum += at[image];
  values[image] = sum;
  recent[step[0] % params.steps * params.images + image] = sum;
}

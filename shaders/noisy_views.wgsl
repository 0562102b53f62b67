// Views of pictures with noise: y[n] = x[⌊n / views⌋] + sd·ε + uniform·υ, ε standard normal and υ uniform in (−1, 1), drawn by
// (seed, number of the view, step, element).
//
//   x        [images, h, w, C]
//   numbers  [images·views]
//   step     [1]
//   y        [images·views, h, w, C]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // elements of a view
  total: u32, // elements of y
  views: u32,
  seed: u32,
  sd: f32,
  uniform_range: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>;
@group(0) @binding(3) var<storage, read> step: array<u32>;
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
  let n = i / params.size;
  let element = i % params.size;
  let key = drawn(params.seed, numbers[n], step[0]);
  let noise = params.sd * gaussian(drawn(key, 0u, element)) + params.uniform_range * symmetric(drawn(key, 1u, element));
  y[i] = x[n / params.views * params.size + element] + noise;
}

// A step of Langevin dynamics under a normal prior: x += rate/2 · (g / T − x / sd²) + √rate · ε, ε standard normal and a
// function of (seed, number of the image, step, element). With small rates x comes to be distributed as the prior times
// exp(objective / T).
//
//   g        [images, size]  gradient of the objective
//   step     [1]             number of the step, from 0
//   rates    [steps]         rate of each step; the last one goes on
//   numbers  [images]        number of each image
//   x        [images, size]  parameters
//
// One workgroup computes 256 consecutive elements.

struct Params {
  total: u32,
  size: u32,
  seed: u32,
  coldness: f32, // 1 / T
  tightness: f32, // 1 / sd²
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> numbers: array<u32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

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
  let rate = rateAt(step[0]);
  let key = drawn(params.seed, numbers[i / params.size], step[0]);
  let noise = gaussian(drawn(key, 0u, i % params.size));
  x[i] += 0.5 * rate * (params.coldness * g[i] - params.tightness * x[i]) + sqrt(rate) * noise;
}

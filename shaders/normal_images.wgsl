// Images of random numbers: x = mean + sd·ε, ε standard normal and a function of (seed, number of the image, element).
//
//   numbers  [N]           number of each image: the same number gives the same image, whatever the batch
//   mean     [period]      repeated over the elements of all images: a number, one a channel, an image, or all of x
//   x        [N, size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,   // elements of an image
  images: u32, // N
  period: u32, // elements of mean
  seed: u32,
  sd: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numbers: array<u32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

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
  x[i] = mean[i % params.period] + params.sd * gaussian(drawn(params.seed, numbers[i / params.size], element));
}

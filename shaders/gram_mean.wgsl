// mean = the mean of each channel over an image's pixels, summed as differences from the first pixel, so that a mean
// far from zero costs no accuracy.
//
//   x     [images, pixels, channels]  in chunks of four channels
//   mean  [images, channels]
//
// One workgroup computes LANES chunks of one image.

struct Params {
  pixels: u32,
  chunks: u32, // channels / 4
  tiles: u32,  // ⌈chunks / LANES⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read_write> mean: array<vec4<f32>>;

alias Stored = vec4<f32>; // or vec4<f16>
alias Value = vec4<f32>; // of the shared blocks
const LANES = 4u;   // neighbouring chunks, read together
const STRIPS = 16u; // each sums every 16th pixel

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let image = group.y;
  let lane = thread % LANES;
  let strip = thread / LANES;
  let chunk = group.x * LANES + lane;
  let base = image * params.pixels * params.chunks + min(chunk, params.chunks - 1u);
  let first = vec4<f32>(x[base]);
  var sum = vec4<f32>();
  for (var p = strip; p < params.pixels; p += STRIPS) {
    sum += vec4<f32>(x[base + p * params.chunks]) - first;
  }
  sum = sumOfStrips(thread, sum);
  if (strip != 0u || chunk >= params.chunks) {
    return;
  }
  mean[image * params.chunks + chunk] = first + sum / f32(params.pixels);
}

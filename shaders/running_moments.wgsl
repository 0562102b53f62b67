// Takes a batch's values into the mean and the sum of squared deviations of every element over all samples so far.
//
//   x         [N, size]  the batch
//   position  [2]        number of the batch's first sample, and how many samples it has; the rest is left out
//   mean      [size]     of the samples so far; zero before the first batch
//   m2        [size]     Σ (x − mean)² over the samples so far; zero before the first batch
//
// Welford's update, sample by sample in order (Technometrics 4, 1962): nothing cancels, and the result does not depend
// on the batch's size. One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<u32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> m2: array<f32>;

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
  var average = mean[i];
  var squares = m2[i];
  for (var n = 0u; n < position[1]; n++) {
    let value = x[n * params.size + i];
    let delta = value - average;
    average += delta / f32(position[0] + n + 1u);
    squares += delta * (value - average);
  }
  mean[i] = average;
  m2[i] = squares;
}

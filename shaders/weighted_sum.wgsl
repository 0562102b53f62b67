// Adds a batch's values to a running sum, each image times the weight of its sample: sum += Σ_n w[(first + n) mod
// M]·x[n].
//
//   x         [N, size]  the batch
//   w         [M]        weights, sample s's at s mod M: all samples', or those of one batch after another
//   position  [2]        number of the batch's first sample, and how many samples it has; the rest is left out
//   sum       [size]     zero before the first batch
//
// A thread adds its element's terms in the samples' order, so that the result does not depend on the batch's size.
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> position: array<u32>;
@group(0) @binding(4) var<storage, read_write> sum: array<f32>;

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
  let slots = arrayLength(&w);
  var value = sum[i];
  for (var n = 0u; n < position[1]; n++) {
    value += w[(position[0] + n) % slots] * x[n * params.size + i];
  }
  sum[i] = value;
}

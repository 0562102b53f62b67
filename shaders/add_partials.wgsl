// The sum of each image's partial sums: values[n] = weight · Σ partials[n, …].
//
//   partials  [N, slices]
//   values    [N]
//
// One workgroup adds up one image, as a tree over 64 strided sums.

struct Params {
  images: u32,
  slices: u32,
  weight: f32,
  accumulate: u32, // add to values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 64u;

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
  var sum = 0.0;
  for (var i = thread; i < params.slices; i += THREADS) {
    sum += partials[image * params.slices + i];
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    let term = params.weight * sum;
    values[image] = select(term, values[image] + term, params.accumulate == 1u);
  }
}

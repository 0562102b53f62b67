// Partial sums of |x − r|^α over an image.
//
//   x         [N, size]
//   r         [period]     the reference, repeated: one number, one a channel, an image, or all of x
//   partials  [N, slices]
//
// One workgroup sums one slice of one image, as a tree over 256 strided sums.

struct Params {
  images: u32,
  size: u32,
  period: u32,
  slices: u32,
  slice: u32, // elements
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  if (index >= params.images * params.slices) {
    return;
  }
  let own = imageSlice(index, params.size);
  var sum = 0.0;
  for (var i = own.first + thread; i < own.end; i += THREADS) {
    let at = own.image * params.size + i;
    sum += distancePower(x[at] - r[at % params.period]);
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    partials[index] = sum;
  }
}

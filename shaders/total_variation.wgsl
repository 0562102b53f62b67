// Partial sums of (Δ→² + Δ↓²)^(β/2) over an image, Δ the differences to the right and lower neighbour, channel by channel.
//
//   x         [N, height, width, channels]
//   partials  [N, slices]
//
// Mahendran & Vedaldi 2015, section 2.2. One workgroup sums one slice of one image, as a tree over 256 strided sums.

struct Params {
  images: u32,
  height: u32,
  width: u32,
  channels: u32,
  slices: u32,
  slice: u32, // elements
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

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
  let size = params.height * params.width * params.channels;
  let own = imageSlice(index, size);
  var sum = 0.0;
  for (var i = own.first + thread; i < own.end; i += THREADS) {
    let pixel = i / params.channels;
    let d = differences(own.image * size + i, pixel / params.width, pixel % params.width);
    let square = dot(d, d);
    sum += select(pow(square, 0.5 * params.beta), square, params.beta == 2.0);
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    partials[index] = sum;
  }
}

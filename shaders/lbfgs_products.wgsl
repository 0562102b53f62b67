// What the last move of L-BFGS tells: partial sums of yᵀs, yᵀy and Σ |l|, with l = −g, y = l − before, s = the move.
//
//   g         [images, size]  gradient of the objective
//   previous  [images, size]  l where the last direction begins
//   d         [images, size]  the last direction
//   state     [images]
//   partials  [images, slices]
//
// One workgroup sums one slice of one image, as a tree over 256 strided sums.

struct Params {
  images: u32,
  size: u32,
  slices: u32,
  slice: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> previous: array<f32>;
@group(0) @binding(3) var<storage, read> d: array<f32>;
@group(0) @binding(4) var<storage, read> state: array<LbfgsState>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4<f32>>;

alias Value = vec4<f32>; // of the shared blocks
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
  let length = state[own.image].length;
  var sums = vec4<f32>();
  for (var k = own.first + thread; k < own.end; k += THREADS) {
    let i = own.image * params.size + k;
    let l = -g[i];
    let y = l - previous[i];
    sums += vec4(y * length * d[i], y * y, abs(l), 0.0);
  }
  sums = total(thread, sums);
  if (thread == 0u) {
    partials[index] = sums;
  }
}

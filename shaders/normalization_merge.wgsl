// Puts together what a normalisation found slice by slice, output by output.
//
//   x  [slices, outputs]  mean and Σ (x − mean)² of each slice; or with SUMS two sums
//   y  [outputs]          mean and 1 / √(variance + ε) of all; or the two sums' means
//
// Moments merge as Chan et al. 1979 have it. One workgroup computes one output, as a tree in a fixed order.

struct Params {
  outputs: u32,
  length: u32, // elements of an output
  slices: u32,
  slice: u32,  // elements of a slice; the last may have fewer
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2<f32>>;

override SUMS: bool = false;

const THREADS = 64u;

// Number of elements, then mean and Σ (x − mean)², or the two sums.
var<workgroup> moments: array<vec3<f32>, THREADS>;

fn merged(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  if (SUMS) {
    return a + b;
  }
  let count = a.x + b.x;
  let share = b.x / max(count, 1.0);
  let d = b.y - a.y;
  return vec3<f32>(count, a.y + d * share, a.z + b.z + d * d * a.x * share);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let output = group.x + group.y * groups.x;
  if (output >= params.outputs) {
    return;
  }
  var found = vec3<f32>();
  for (var s = thread; s < params.slices; s += THREADS) {
    let count = min(params.slice, params.length - s * params.slice);
    found = merged(found, vec3<f32>(f32(count), x[s * params.outputs + output]));
  }
  moments[thread] = found;
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      moments[thread] = merged(moments[thread], moments[thread + stride]);
    }
  }
  if (thread != 0u) {
    return;
  }
  let all = moments[0];
  let length = f32(params.length);
  if (SUMS) {
    y[output] = all.yz / length;
  } else {
    y[output] = vec2<f32>(all.y, 1.0 / sqrt(all.z / length + params.epsilon));
  }
}

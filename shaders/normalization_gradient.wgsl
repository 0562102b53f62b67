// Gradient of a normalisation: dx = (g − mean g − x̂ · mean(g·x̂)) / √(variance + ε), where g = dy·scale and
// x̂ = (x − mean) / √(variance + ε); the means over what is normalised together.
//
//   x           [size]
//   statistics  [outputs]  mean and 1 / √(variance + ε)
//   means       [outputs]  mean g and mean(g·x̂)
//   scale       [period]   repeated over x; unused unless SCALE
//   dy          [size]
//   dx          [size]
//
// Ioffe & Szegedy 2015, section 3. One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  scalePeriod: u32,
  accumulate: u32, // 1: add to dx
  sizes: vec4<u32>, // of x's axes
  moreSizes: vec4<u32>,
  strides: vec4<u32>, // outputs between neighbours along each; 0 along those that are reduced
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> means: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

override RANK: u32 = 8u;
override SCALE: bool = true;

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
  let o = placeAlong(Axes(params.sizes, params.moreSizes, params.strides, params.moreStrides), RANK, i);
  let moments = statistics[o];
  var g = dy[i];
  if (SCALE) {
    g *= scale[i % params.scalePeriod];
  }
  var sum = moments.y * (g - means[o].x - (x[i] - moments.x) * moments.y * means[o].y);
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

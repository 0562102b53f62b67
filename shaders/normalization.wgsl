// y = scale · (x − mean) / √(variance + ε) + offset.
//
//   x           [size]
//   statistics  [outputs]  mean and 1 / √(variance + ε)
//   scale       [period]   repeated over x; unused unless SCALE
//   offset      [period]   likewise; unused unless OFFSET
//   y           [size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  scalePeriod: u32,
  offsetPeriod: u32,
  sizes: vec4<u32>, // of x's axes
  moreSizes: vec4<u32>,
  strides: vec4<u32>, // outputs between neighbours along each; 0 along those that are reduced
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> offset: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override RANK: u32 = 8u;
override SCALE: bool = true;
override OFFSET: bool = true;

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
  var value = (x[i] - moments.x) * moments.y;
  if (SCALE) {
    value *= scale[i % params.scalePeriod];
  }
  if (OFFSET) {
    value += offset[i % params.offsetPeriod];
  }
  y[i] = value;
}

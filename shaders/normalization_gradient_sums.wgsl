// What the gradient of a normalisation takes together: Σ g and Σ g·(x − mean) / √(variance + ε), where g = dy·scale.
//
//   x           [kept axes and reduced ones, in any order]
//   statistics  [outputs]  mean and 1 / √(variance + ε)
//   scale       [period]   repeated over x; unused unless SCALE
//   dy          as x
//   y           [outputs] means of both where SLICED is false, else [slices, outputs] sums over a slice
//
// One workgroup computes LANES outputs, or a slice of each.

struct Params {
  outputs: u32,
  length: u32, // elements of an output
  slices: u32,
  slice: u32,  // elements of a slice
  groups: u32,
  scalePeriod: u32,
  keptSizes: vec4<u32>, // of the kept axes
  moreKeptSizes: vec4<u32>,
  keptStrides: vec4<u32>,
  moreKeptStrides: vec4<u32>,
  sizes: vec4<u32>, // of the reduced axes
  moreSizes: vec4<u32>,
  strides: vec4<u32>,
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec2<f32>>;

alias Value = vec2<f32>; // of the shared blocks
const LANES = 16u; // or 1, or 256

override SLICED: bool = false;
override SCALE: bool = true;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.groups) {
    return;
  }
  let t = reductionThread(id, thread);
  let moments = statistics[min(t.output, params.outputs - 1u)];
  var sums = vec2<f32>();
  for (var i = t.first + t.place; i < t.end; i += SHARERS) {
    let at = t.base + placeInOutput(i);
    var g = dy[at];
    if (SCALE) {
      g *= scale[at % params.scalePeriod];
    }
    sums += vec2<f32>(g, g * (x[at] - moments.x) * moments.y);
  }
  sums = sumOfOutput(t, sums);
  if (t.place == 0u && t.output < params.outputs) {
    if (SLICED) {
      y[t.slice * params.outputs + t.output] = sums;
    } else {
      y[t.output] = sums / f32(params.length);
    }
  }
}

// Mean and spread of each output of a normalisation: of all its elements, or of a slice of them.
//
//   x  [kept axes and reduced ones, in any order]
//   y  [outputs] mean and 1 / √(variance + ε) where SLICED is false, else [slices, outputs] mean and Σ (x − mean)²
//
// Two passes over the elements: the mean, then the squares of what they differ from it by. One workgroup computes LANES
// outputs, or a slice of each.

struct Params {
  outputs: u32,
  length: u32, // elements of an output
  slices: u32,
  slice: u32,  // elements of a slice
  groups: u32,
  epsilon: f32,
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
@group(0) @binding(2) var<storage, read_write> y: array<vec2<f32>>;

alias Value = f32; // of the shared blocks
const LANES = 16u; // or 1, or 256

override SLICED: bool = false;

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
  let count = f32(t.end - t.first);
  var sum = 0.0;
  for (var i = t.first + t.place; i < t.end; i += SHARERS) {
    sum += x[t.base + placeInOutput(i)];
  }
  let mean = sumOfOutput(t, sum) / count;
  var squares = 0.0;
  for (var i = t.first + t.place; i < t.end; i += SHARERS) {
    let d = x[t.base + placeInOutput(i)] - mean;
    squares += d * d;
  }
  squares = sumOfOutput(t, squares);
  if (t.place != 0u || t.output >= params.outputs) {
    return;
  }
  if (SLICED) {
    y[t.slice * params.outputs + t.output] = vec2<f32>(mean, squares);
  } else {
    y[t.output] = vec2<f32>(mean, 1.0 / sqrt(squares / count + params.epsilon));
  }
}

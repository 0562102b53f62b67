// y = a sum, product, largest or smallest value over some axes of x (blocks/reduction.wgsl).
//
//   x      [kept axes and reduced ones, in any order]
//   known  [outputs]          what is known of each output before; unused but by some elements
//   y      [outputs, slices]  one value an output, or one for each slice of what is reduced, to be reduced once more
//
// One workgroup computes LANES outputs, or a slice of each: 256 / LANES threads an output, of which each takes every so
// many elements; their values are combined as a tree, in a fixed order.

struct Params {
  outputs: u32,
  length: u32, // elements of an output
  slices: u32,
  slice: u32,  // elements of a slice
  groups: u32,
  scale: f32,
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
@group(0) @binding(2) var<storage, read> known: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const LANES = 16u; // or 1, or 256

var<workgroup> values: array<f32, 256>;

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
  let about = known[min(t.output, params.outputs - 1u)];
  var value = beginning(ofElement(x[t.base + placeInOutput(t.first)], about));
  for (var i = t.first + t.place; i < t.end; i += SHARERS) {
    value = takenTogether(value, ofElement(x[t.base + placeInOutput(i)], about));
  }
  values[t.mine] = value;
  for (var stride = SHARERS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (t.place < stride) {
      values[t.mine] = takenTogether(values[t.mine], values[t.mine + stride]);
    }
  }
  if (t.place == 0u && t.output < params.outputs) {
    y[t.output * params.slices + t.slice] = ofAll(values[t.mine], about);
  }
}

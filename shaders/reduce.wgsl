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

override KEPT_RANK: u32 = 8u;
override RANK: u32 = 8u;          // of the reduced axes
override INNERMOST: bool = false; // neighbouring threads take neighbouring elements of an output, not of several

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
  let threads = 256u / LANES;
  let lane = select(thread % LANES, thread / threads, INNERMOST);
  let place = select(thread / LANES, thread % threads, INNERMOST);
  let output = id / params.slices * LANES + lane;
  let o = min(output, params.outputs - 1u);
  let kept = Axes(params.keptSizes, params.moreKeptSizes, params.keptStrides, params.moreKeptStrides);
  let across = Axes(params.sizes, params.moreSizes, params.strides, params.moreStrides);
  let base = placeAlong(kept, KEPT_RANK, o);
  let about = known[o];
  let first = id % params.slices * params.slice;
  let end = min(first + params.slice, params.length);

  var value = beginning(ofElement(x[base + placeAlong(across, RANK, first)], about));
  for (var i = first + place; i < end; i += threads) {
    value = takenTogether(value, ofElement(x[base + placeAlong(across, RANK, i)], about));
  }
  let mine = lane * threads + place;
  values[mine] = value;
  for (var stride = threads / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (place < stride) {
      values[mine] = takenTogether(values[mine], values[mine + stride]);
    }
  }
  if (place == 0u && output < params.outputs) {
    y[output * params.slices + id % params.slices] = ofAll(values[mine], about);
  }
}

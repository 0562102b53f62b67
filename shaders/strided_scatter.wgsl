// Spreads x over y at regular distances, and puts a value everywhere else: y[start + step·i] = x[i], along every axis.
//
//   x  [sizes]
//   y  [ySizes]
//
// Up to eight axes, innermost first, in inner and outer fours, in chunks: four elements side by side, or one. Gathers, so
// each element of y is written once: one workgroup computes 256 consecutive chunks of it.

struct Params {
  sizes: vec4<u32>,
  outerSizes: vec4<u32>,
  ySizes: vec4<u32>,
  outerYSizes: vec4<u32>,
  starts: vec4<i32>,
  outerStarts: vec4<i32>,
  steps: vec4<i32>,
  outerSteps: vec4<i32>,
  size: u32, // chunks of y
  value: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read_write> y: array<Chunk>;

alias Chunk = f32; // or vec4<f32>

override RANK: u32 = 8u;      // how many axes count
override STEPPED: bool = true; // whether a step is other than 1

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
  var rest = i;
  var source = 0;
  var distance = 1;
  var outside = false; // not an early return, which keeps simple compilers from unrolling the loop
  for (var axis = 0u; axis < RANK; axis++) {
    let extent = sizeAlong(params.ySizes, params.outerYSizes, axis);
    let past = i32(rest % extent) - along(params.starts, params.outerStarts, axis);
    rest /= extent;
    let size = i32(sizeAlong(params.sizes, params.outerSizes, axis));
    var index = past;
    var between = false;
    if (STEPPED) {
      let step = along(params.steps, params.outerSteps, axis);
      index = past / step;
      between = index * step != past;
    }
    outside = outside || between || index < 0 || index >= size;
    source += index * distance;
    distance *= size;
  }
  var value = Chunk(params.value);
  if (!outside) {
    value = x[source];
  }
  y[i] = value;
}

// y = x with a border that takes what lies inside of x: its edge again, or its mirror image.
//
//   x  [sizes]
//   y  [ySizes]  x from `starts` on
//
// Up to eight axes, innermost first, in inner and outer fours, in chunks: four elements side by side, or one. One
// workgroup computes 256 consecutive chunks of y.

struct Params {
  sizes: vec4<u32>,
  outerSizes: vec4<u32>,
  ySizes: vec4<u32>,
  outerYSizes: vec4<u32>,
  starts: vec4<i32>,
  outerStarts: vec4<i32>,
  size: u32, // chunks of y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read_write> y: array<Chunk>;

alias Chunk = f32; // or vec4<f32>

override RANK: u32 = 8u; // how many axes count
override MODE: u32 = REFLECT; // see blocks/repeated_place.wgsl

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
  for (var axis = 0u; axis < RANK; axis++) {
    let extent = sizeAlong(params.ySizes, params.outerYSizes, axis);
    let size = i32(sizeAlong(params.sizes, params.outerSizes, axis));
    let place = i32(rest % extent) - along(params.starts, params.outerStarts, axis);
    rest /= extent;
    source += repeatedAt(place, size) * distance;
    distance *= size;
  }
  y[i] = x[source];
}

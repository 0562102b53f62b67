// Copies an array whose elements lie at regular distances: y[yStart + Σ yStrides·i] = x[xStart + Σ xStrides·i].
//
//   x  every index i below `sizes` reads one element
//   y  and writes one; what none writes stays
//
// Up to eight axes, innermost first, in inner and outer fours. Starts and distances are in chunks: four elements side by
// side, or one. One workgroup copies 256 consecutive chunks.

struct Params {
  sizes: vec4<u32>,
  outerSizes: vec4<u32>,
  xStrides: vec4<i32>,
  outerXStrides: vec4<i32>,
  yStrides: vec4<i32>,
  outerYStrides: vec4<i32>,
  xStart: i32,
  yStart: i32,
  size: u32,       // product of the sizes
  accumulate: u32, // 1: add to y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read_write> y: array<Chunk>;

alias Chunk = f32; // or vec4<f32>

override RANK: u32 = 8u; // how many axes count

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
  var source = params.xStart;
  var place = params.yStart;
  for (var axis = 0u; axis < RANK; axis++) {
    let size = sizeAlong(params.sizes, params.outerSizes, axis);
    let index = i32(rest % size);
    rest /= size;
    source += index * along(params.xStrides, params.outerXStrides, axis);
    place += index * along(params.yStrides, params.outerYStrides, axis);
  }
  var value = x[source];
  if (params.accumulate == 1u) {
    value += y[place];
  }
  y[place] = value;
}

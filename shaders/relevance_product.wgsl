// y = scale·part(x)·c, or added to y: how relevance meets the values that it is shared among.
//
//   x  [size]  or, with REPEATED, any shape that is repeated to y's
//   c  [size]  unused unless FACTOR
//   y  [size]
//
// The part is x, its positive values or its negative values, zero elsewhere (Bach et al. 2015, eq. 60; Montavon et al.
// 2019). One workgroup computes 256 consecutive elements.

struct Params {
  axes: array<vec4<u32>, 8>, // size, strides of y and twice of x (blocks/repeated_axes.wgsl); with REPEATED
  size: u32,
  accumulate: u32, // 1: add to y
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// 0 x, 1 max(x, 0), 2 min(x, 0)
override PART: u32 = 0u;
override FACTOR: bool = true;
override REPEATED: bool = false;

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
  var j = i;
  if (REPEATED) {
    j = placesOf(i, 0u, AXES).y;
  }
  var value = x[j];
  switch PART {
    case 1u: { value = max(value, 0.0); }
    case 2u: { value = min(value, 0.0); }
    default: {}
  }
  value *= params.scale;
  if (FACTOR) {
    value *= c[i];
  }
  if (params.accumulate == 1u) {
    value += y[i];
  }
  y[i] = value;
}

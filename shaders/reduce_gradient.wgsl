// Gradient of a reduction over some axes: each element takes its part of its output's gradient.
//
//   x      [size]
//   y      [outputs]
//   dy     [outputs]
//   count  [outputs]  how many elements are the largest or smallest; of a product, how many are 0; else unused
//   rest   [outputs]  of a product, that of the elements that are not 0; else unused
//   dx     [size]
//
// Equal winners share alike. One workgroup computes 256 consecutive elements of dx.

struct Params {
  size: u32,
  accumulate: u32, // 1: add to dx
  scale: f32,
  sizes: vec4<u32>, // of x's axes
  moreSizes: vec4<u32>,
  strides: vec4<u32>, // outputs between neighbours along each; 0 along those that are reduced
  moreStrides: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> count: array<f32>;
@group(0) @binding(5) var<storage, read> rest: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

override RANK: u32 = 8u;
override SLOPE: u32 = 0u; // as `slopeOf` numbers them

fn slopeOf(v: f32, o: u32) -> f32 {
  switch SLOPE {
    case 1u: { return f32(v == y[o]) / max(count[o], 1.0); }
    case 2u: {
      if (v != 0.0) {
        return select(0.0, rest[o] / v, count[o] == 0.0);
      }
      return select(0.0, rest[o], count[o] == 1.0);
    }
    case 3u: { return sign(v); }
    case 4u: { return select(v / y[o], 0.0, y[o] == 0.0); }
    case 5u: { return 2.0 * v; }
    case 6u: { return exp(-y[o]); }
    case 7u: { return exp(v - y[o]); }
    default: { return params.scale; }
  }
}

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
  var sum = dy[o] * slopeOf(x[i], o);
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

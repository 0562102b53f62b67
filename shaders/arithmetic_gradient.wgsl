// Gradient of y = a ∘ b to one of its operands, added up over the axes along which that was repeated:
// dx = Σ dy·∂(a ∘ b).
//
//   a, b  as in arithmetic.wgsl
//   dy    of y's shape
//   dx    [size], of the operand's shape
//
// One workgroup computes 256 / LANES elements of dx. LANES threads take the repeats of an element in turn; their sums are
// added as a tree.

struct Params {
  axes: array<vec4<u32>, 8>, // size, strides of y, a, b (blocks/repeated_axes.wgsl); first those of dx
  size: u32,
  repeats: u32,    // of each element
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

override TO_B: bool = false;
override KEPT: u32 = 1u;      // axes of dx
override LANES: u32 = 1u;     // a power of two
override INNERMOST: bool = false; // the innermost axis is repeated, so that neighbours in memory are repeats

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = 256u / LANES;
  let lane = select(thread / width, thread % LANES, INNERMOST);
  let column = select(thread % width, thread / LANES, INNERMOST);
  let j = (group.x + group.y * groups.x) * width + column;
  var sum = 0.0;
  if (j < params.size) {
    let base = placesOf(j, 0u, KEPT);
    for (var r = lane; r < params.repeats; r += LANES) {
      let at = base + placesOf(r, KEPT, AXES);
      let left = a[at.y];
      let right = b[at.z];
      if (TO_B) {
        sum += dy[at.x] * slopeInB(left, right);
      } else {
        sum += dy[at.x] * slopeInA(left, right);
      }
    }
  }
  sums[lane * width + column] = sum;
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) {
      sums[lane * width + column] += sums[(lane + reach) * width + column];
    }
  }
  if (lane != 0u || j >= params.size) {
    return;
  }
  sum = sums[column];
  if (params.accumulate == 1u) {
    sum += dx[j];
  }
  dx[j] = sum;
}

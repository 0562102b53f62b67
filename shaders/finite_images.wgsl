// Finds out which images of an ascent are still numbers.
//
//   values  [N]        objective of each image
//   x       [N, size]  pixels of each image
//   finite  [N]        1 where the objective and every pixel is finite, else 0
//
// One workgroup looks at one image.

struct Params {
  size: u32,
  images: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read_write> finite: array<u32>;

var<workgroup> broken: atomic<u32>;

// Of a number's bits: a driver may assume that there is no NaN, so that comparing the number itself proves nothing.
fn isFinite(bits: u32) -> bool {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let image = group.x + group.y * groups.x;
  if (image >= params.images) {
    return;
  }
  var found = !isFinite(values[image]);
  for (var i = thread; i < params.size; i += 256u) {
    found = found || !isFinite(x[image * params.size + i]);
  }
  if (found) {
    atomicStore(&broken, 1u);
  }
  workgroupBarrier();
  if (thread == 0u) {
    finite[image] = select(1u, 0u, atomicLoad(&broken) == 1u);
  }
}

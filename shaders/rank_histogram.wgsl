// One round of the search for the magnitude of a rank, by its bits (radix selection): counts the next eight bits of all
// magnitudes whose bits before are those that earlier rounds found. Magnitudes have no sign, so that their bits are in order.
//
//   magnitudes  [images, size]
//   found       [images, 2]    bits that are found; the rank among the magnitudes that have them
//   counts      [images, 256]  to which it adds; integers, so that the order does not matter
//
// One workgroup counts one slice of one image.

struct Params {
  images: u32,
  size: u32,
  slices: u32,
  slice: u32,
  shift: u32, // of the eight bits
  known: u32, // mask of the bits before
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> magnitudes: array<u32>;
@group(0) @binding(2) var<storage, read> found: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> own: array<atomic<u32>, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  if (index >= params.images * params.slices) {
    return;
  }
  let part = imageSlice(index, params.size);
  let bits = found[2u * part.image] & params.known;
  for (var i = part.first + thread; i < part.end; i += 256u) {
    let value = magnitudes[part.image * params.size + i];
    if ((value & params.known) == bits) {
      atomicAdd(&own[(value >> params.shift) & 255u], 1u);
    }
  }
  workgroupBarrier();
  let count = atomicLoad(&own[thread]);
  if (count > 0u) {
    atomicAdd(&counts[256u * part.image + thread], count);
  }
}

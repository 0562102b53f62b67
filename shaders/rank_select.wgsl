// The end of a round of rank_histogram.wgsl: finds the eight bits in whose count the rank falls, and clears the counts.
//
//   counts  [images, 256]
//   found   [images, 2]    bits that are found; the rank among the magnitudes that have them
//
// One workgroup looks at one image.

struct Params {
  images: u32,
  shift: u32,
  rank: u32,  // from 0, for the first round
  first: u32, // 1 in the first round: what was found before is forgotten
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: array<u32>;

var<workgroup> sums: array<u32, 256>; // of the counts up to each

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
  let count = counts[256u * image + thread];
  counts[256u * image + thread] = 0u;
  sums[thread] = count;
  for (var reach = 1u; reach < 256u; reach *= 2u) {
    workgroupBarrier();
    var before = 0u;
    if (thread >= reach) {
      before = sums[thread - reach];
    }
    workgroupBarrier();
    sums[thread] += before;
  }
  let bits = select(found[2u * image], 0u, params.first == 1u);
  let rank = select(found[2u * image + 1u], params.rank, params.first == 1u);
  // Every thread has read what one of them writes.
  storageBarrier();
  let before = sums[thread] - count;
  if (rank >= before && rank < sums[thread]) {
    found[2u * image] = bits | (thread << params.shift);
    found[2u * image + 1u] = rank - before;
  }
}

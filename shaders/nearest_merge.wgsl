// Merges the lists of the segments into one of the k nearest; of equals the point with the smaller number comes first.
//
//   lists    [2, segments, k, queries of a block]  as nearest_scan.wgsl leaves them
//   heads    [segments, queries of a block]        scratch: what each list has still to give
//   indices  [queries of a block, k]               numbers of points
//   squared  [queries of a block, k]               squared distances, nearest first
//
// One thread serves one query.

struct Params {
  block: u32, // queries of a block
  segments: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lists: array<u32>;
@group(0) @binding(2) var<storage, read_write> heads: array<u32>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;
@group(0) @binding(4) var<storage, read_write> squared: array<f32>;

const EMPTY = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let query = id.x;
  if (query >= params.block) {
    return;
  }
  let numbers = params.segments * params.k * params.block;
  for (var s = 0u; s < params.segments; s++) {
    heads[s * params.block + query] = 0u;
  }
  for (var i = 0u; i < params.k; i++) {
    var key = EMPTY;
    var number = EMPTY;
    var source = 0u;
    for (var s = 0u; s < params.segments; s++) {
      let head = heads[s * params.block + query];
      if (head == params.k) {
        continue;
      }
      let at = (s * params.k + head) * params.block + query;
      if (lists[at] < key || (lists[at] == key && lists[numbers + at] < number)) {
        key = lists[at];
        number = lists[numbers + at];
        source = s;
      }
    }
    heads[source * params.block + query] += 1u;
    indices[query * params.k + i] = number;
    squared[query * params.k + i] = bitcast<f32>(key);
  }
}

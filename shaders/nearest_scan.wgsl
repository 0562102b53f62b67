// Takes the points of a tile into lists of the k nearest that each query has met so far; of equals the first.
//
//   tile   [points of a tile, queries of a block]  squared distances
//   place  [5]  as squared_distances.wgsl has it
//   lists  [2, segments, k, queries of a block]  distances, as bits, and numbers of points, nearest first; all ones where empty
//
// The points of a tile are dealt out to the segments, each with a list of its own. One thread serves one query in one segment;
// a workgroup serves 64 neighbouring queries. The bits of distances, which are not negative, order as they do.

struct Params {
  block: u32, // queries of a block
  segments: u32,
  k: u32,
  apart: u32, // 1: queries are the points themselves, and none is its own neighbour
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tile: array<f32>;
@group(0) @binding(2) var<storage, read> place: array<u32>;
@group(0) @binding(3) var<storage, read_write> lists: array<u32>;

const EMPTY = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let query = group.x * 64u + thread;
  if (query >= place[0]) {
    return;
  }
  let base = group.y * params.k * params.block + query;
  let numbers = params.segments * params.k * params.block;
  if (place[3] == 0u) {
    for (var i = 0u; i < params.k; i++) {
      lists[base + i * params.block] = EMPTY;
      lists[numbers + base + i * params.block] = EMPTY;
    }
  }
  let last = base + (params.k - 1u) * params.block;
  var worst = lists[last];
  for (var p = group.y; p < place[2]; p += params.segments) {
    let key = bitcast<u32>(tile[p * params.block + query]);
    if (key >= worst || (params.apart == 1u && place[3] + p == place[4] + query)) {
      continue;
    }
    var at = last;
    while (at > base && lists[at - params.block] > key) {
      lists[at] = lists[at - params.block];
      lists[numbers + at] = lists[numbers + at - params.block];
      at -= params.block;
    }
    lists[at] = key;
    lists[numbers + at] = place[3] + p;
    worst = lists[last];
  }
}

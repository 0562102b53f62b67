// Counts for given points how many others are nearer to the query; of equals the one with the smaller number is nearer.
//
//   tile     [points of a tile, queries of a block]  squared distances
//   place    [5]  as squared_distances.wgsl has it
//   given    [queries of a block, k]                 numbers of points
//   squared  [queries of a block, k]                 their squared distances, as rank_gather.wgsl leaves them
//   ranks    [queries of a block, k]                 numbers of nearer points; begun anew with the first tile
//
// The query itself, which has its own number in the whole, is not counted. One thread counts for one entry of a list.

struct Params {
  block: u32, // queries of a block
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tile: array<f32>;
@group(0) @binding(2) var<storage, read> place: array<u32>;
@group(0) @binding(3) var<storage, read> given: array<u32>;
@group(0) @binding(4) var<storage, read> squared: array<f32>;
@group(0) @binding(5) var<storage, read_write> ranks: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= place[0] * params.k) {
    return;
  }
  let query = i / params.k;
  var rank = select(ranks[i], 0u, place[3] == 0u);
  for (var p = 0u; p < place[2]; p++) {
    let number = place[3] + p;
    let distance = tile[p * params.block + query];
    let nearer = distance < squared[i] || (distance == squared[i] && number < given[i]);
    rank += u32(nearer && number != place[4] + query);
  }
  ranks[i] = rank;
}

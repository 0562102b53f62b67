// Takes from a tile the squared distances of given points, one list of them a query.
//
//   tile     [points of a tile, queries of a block]  squared distances
//   place    [5]  as squared_distances.wgsl has it
//   given    [queries of a block, k]                 numbers of points
//   squared  [queries of a block, k]                 their squared distances
//
// One thread takes one entry of a list, if its point is in the tile.

struct Params {
  block: u32, // queries of a block
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tile: array<f32>;
@group(0) @binding(2) var<storage, read> place: array<u32>;
@group(0) @binding(3) var<storage, read> given: array<u32>;
@group(0) @binding(4) var<storage, read_write> squared: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= place[0] * params.k || given[i] < place[3] || given[i] - place[3] >= place[2]) {
    return;
  }
  squared[i] = tile[(given[i] - place[3]) * params.block + i / params.k];
}

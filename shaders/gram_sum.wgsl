// Adds the slices of partial Gram matrices in order, scales, and writes each tile and its mirror image:
// y[n, i, j] = y[n, j, i] = scale · Σ over slices of partial.
//
//   partial  [images, slices, tiles, TILE, TILE]  as gram.wgsl leaves it
//   y        [images, channels, channels]
//
// One thread computes four neighbouring elements of a tile; one workgroup computes 64 such consecutive chunks.

struct Params {
  images: u32,
  channels: u32,
  tiles: u32,  // of one image
  side: u32,   // tiles along an edge
  slices: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const TILE = 8u;
const CHUNKS = TILE * TILE / 4u; // of a tile

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  let chunk = id % CHUNKS;
  let tile = (id / CHUNKS) % params.tiles;
  let image = id / CHUNKS / params.tiles;
  if (image >= params.images) {
    return;
  }
  var at = (image * params.slices * params.tiles + tile) * CHUNKS + chunk;
  var sum = vec4<f32>();
  for (var s = 0u; s < params.slices; s++) {
    sum += partial[at];
    at += params.tiles * CHUNKS;
  }
  sum *= params.scale;

  let corner = tilePair(tile) * TILE;
  let i = corner.x + chunk / (TILE / 4u);
  let base = image * params.channels * params.channels;
  for (var c = 0u; c < 4u; c++) {
    let j = corner.y + (chunk % (TILE / 4u)) * 4u + c;
    if (i >= params.channels || j >= params.channels) {
      continue;
    }
    if (FULL) {
      y[base + i * params.channels + j] = sum[c];
    } else if (i <= j) {
      y[base + i * params.channels + j] = sum[c];
      y[base + j * params.channels + i] = sum[c];
    }
  }
}

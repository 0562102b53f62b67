// Partial Gram matrices of the channels: partial = Σ over a slice of pixels of x[n, p, i] · x[n, p, j], in square tiles.
//
//   x        [images, pixels, channels]  read in place, in chunks of four channels
//   mean     [images, channels]          subtracted from x where CENTRE; else unused
//   partial  [images, slices, tiles, TILE, TILE]
//
// Tiles are numbered column by column over those on and above the diagonal, (0,0) (0,1) (1,1) (0,2) …, or over all of them
// where FULL. One thread computes one tile of one slice in registers; one workgroup computes 64 consecutive ones.

struct Params {
  images: u32,
  pixels: u32,
  chunks: u32,  // channels / 4
  tiles: u32,   // of one image
  side: u32,    // tiles along an edge: ⌈channels / TILE⌉
  slices: u32,
  slice: u32,   // pixels of a slice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

alias Stored = vec4<f32>; // or vec4<f16>
const TILE = 8u;
const CHUNKS = TILE / 4u; // of a tile's edge

override CENTRE: bool = false;
override FULL: bool = false;

/// Row and column of a tile.
fn place(tile: u32) -> vec2<u32> {
  if (FULL) {
    return vec2<u32>(tile / params.side, tile % params.side);
  }
  var column = u32((sqrt(8.0 * f32(tile) + 1.0) - 1.0) * 0.5);
  if (column * (column + 1u) / 2u > tile) {
    column -= 1u;
  }
  if ((column + 1u) * (column + 2u) / 2u <= tile) {
    column += 1u;
  }
  return vec2<u32>(tile - column * (column + 1u) / 2u, column);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  if (id >= params.images * params.slices * params.tiles) {
    return;
  }
  let tile = place(id % params.tiles);
  let part = id / params.tiles;
  let image = part / params.slices;
  let first = (part % params.slices) * params.slice;
  let end = min(first + params.slice, params.pixels);

  // Beyond the last channel a chunk is read twice; what comes of it is dropped.
  var row: array<u32, CHUNKS>;
  var column: array<u32, CHUNKS>;
  var rowMean: array<vec4<f32>, CHUNKS>;
  var columnMean: array<vec4<f32>, CHUNKS>;
  for (var k = 0u; k < CHUNKS; k++) {
    row[k] = min(tile.x * CHUNKS + k, params.chunks - 1u);
    column[k] = min(tile.y * CHUNKS + k, params.chunks - 1u);
    if (CENTRE) {
      rowMean[k] = mean[image * params.chunks + row[k]];
      columnMean[k] = mean[image * params.chunks + column[k]];
    }
  }
  var sum: array<array<vec4<f32>, CHUNKS>, TILE>;
  for (var p = first; p < end; p++) {
    let base = (image * params.pixels + p) * params.chunks;
    var a: array<vec4<f32>, CHUNKS>;
    var b: array<vec4<f32>, CHUNKS>;
    for (var k = 0u; k < CHUNKS; k++) {
      a[k] = vec4<f32>(x[base + row[k]]);
      b[k] = vec4<f32>(x[base + column[k]]);
      if (CENTRE) {
        a[k] -= rowMean[k];
        b[k] -= columnMean[k];
      }
    }
    for (var k = 0u; k < CHUNKS; k++) {
      for (var c = 0u; c < 4u; c++) {
        for (var l = 0u; l < CHUNKS; l++) {
          sum[4u * k + c][l] = fma(vec4<f32>(a[k][c]), b[l], sum[4u * k + c][l]);
        }
      }
    }
  }
  for (var r = 0u; r < TILE; r++) {
    for (var l = 0u; l < CHUNKS; l++) {
      partial[(id * TILE + r) * CHUNKS + l] = sum[r][l];
    }
  }
}

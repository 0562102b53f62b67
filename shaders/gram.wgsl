// Partial Gram matrices of the channels: partial = Σ over a slice of pixels of x[n, p, i] · x[n, p, j], in square
// tiles.
//
//   x        [images, pixels, channels]  read in place, in chunks of four channels
//   mean     [images, channels]          subtracted from x where CENTRE; else unused
//   partial  [images, slices, tiles, 8, 8]
//
// Tiles are numbered column by column over those on and above the diagonal, (0,0) (0,1) (1,1) (0,2) …, or over all of
// them where FULL. One thread computes one tile of one slice in registers; one workgroup computes 64 consecutive ones.

struct Params {
  images: u32,
  pixels: u32,
  chunks: u32,  // channels / 4
  tiles: u32,   // of one image
  side: u32,    // tiles along an edge: ⌈channels / 8⌉
  slices: u32,
  slice: u32,   // pixels of a slice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

alias Stored = vec4<f32>; // or vec4<f16>

override CENTRE: bool = false;

/// Four rows of a tile, from the quarters left and right.
fn store(at: u32, left: mat4x4<f32>, right: mat4x4<f32>) {
  partial[at + 0u] = left[0];
  partial[at + 1u] = right[0];
  partial[at + 2u] = left[1];
  partial[at + 3u] = right[1];
  partial[at + 4u] = left[2];
  partial[at + 5u] = right[2];
  partial[at + 6u] = left[3];
  partial[at + 7u] = right[3];
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
  let tile = tilePair(id % params.tiles);
  let part = id / params.tiles;
  let image = part / params.slices;
  let first = (part % params.slices) * params.slice;
  let end = min(first + params.slice, params.pixels);

  // Beyond the last channel a chunk is read twice; what comes of it is dropped.
  let row = min(tile.x * 2u + vec2<u32>(0u, 1u), vec2<u32>(params.chunks - 1u));
  let column = min(tile.y * 2u + vec2<u32>(0u, 1u), vec2<u32>(params.chunks - 1u));
  var m = mat4x4<f32>();
  if (CENTRE) {
    let means = image * params.chunks;
    m = mat4x4<f32>(mean[means + row.x], mean[means + row.y], mean[means + column.x], mean[means + column.y]);
  }
  // Quarters of the tile, by row and column; a column of a matrix is a row of the tile. Arrays that loops index would stay
  // in memory under simple compilers, such as SwiftShader's.
  var sum00 = mat4x4<f32>();
  var sum01 = mat4x4<f32>();
  var sum10 = mat4x4<f32>();
  var sum11 = mat4x4<f32>();
  for (var p = first; p < end; p++) {
    let base = (image * params.pixels + p) * params.chunks;
    var a0 = vec4<f32>(x[base + row.x]);
    var a1 = vec4<f32>(x[base + row.y]);
    var b0 = vec4<f32>(x[base + column.x]);
    var b1 = vec4<f32>(x[base + column.y]);
    if (CENTRE) {
      a0 -= m[0];
      a1 -= m[1];
      b0 -= m[2];
      b1 -= m[3];
    }
    sum00 = plusOuter(sum00, a0, b0);
    sum01 = plusOuter(sum01, a0, b1);
    sum10 = plusOuter(sum10, a1, b0);
    sum11 = plusOuter(sum11, a1, b1);
  }
  store(id * 16u, sum00, sum01);
  store(id * 16u + 8u, sum10, sum11);
}

// Square tiles of a symmetric matrix, numbered column by column over those on and above the diagonal: (0,0) (0,1) (1,1)
// (0,2) …, or row by row over all of them where FULL.
//
// The kernel declares `params.side`, the number of tiles along an edge.

override FULL: bool = false; // every tile, not only those on and above the diagonal

// Row and column of a tile.
fn tilePair(tile: u32) -> vec2<u32> {
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

// Draws an affine map for each view: one of a list, and a move by whole pixels.
//
//   table    [rows, 7]   the two rows of a map (see blocks/affine_places.wgsl), and how likely it is one of those so far
//   numbers  [N]         number of each view
//   step     [1]         number of the step
//   maps     [N, 6]
//
// With params.ordered the map of step k is that of row k mod rows, for every view. A draw is a function of (seed, number,
// step). One workgroup computes 64 maps.

struct Params {
  views: u32, // N
  rows: u32,
  range: vec2<u32>, // the move is 0 … range − 1 pixels down and across
  seed: u32,
  ordered: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>;
@group(0) @binding(3) var<storage, read> step: array<u32>;
@group(0) @binding(4) var<storage, read_write> maps: array<f32>;

// Whether what is drawn moves by whole pixels and goes on from the move that `maps` holds.
override ADDED = false;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let n = id.x;
  if (n >= params.views) {
    return;
  }
  let key = drawn(params.seed, numbers[n], step[0]);
  var row = step[0] % params.rows;
  if (params.ordered == 0u) {
    let u = fraction(drawn(key, 0u, 0u));
    row = 0u;
    while (row + 1u < params.rows && u >= table[7u * row + 6u]) {
      row++;
    }
  }
  if (ADDED) {
    maps[6u * n + 2u] += table[7u * row + 2u];
    maps[6u * n + 5u] += table[7u * row + 5u];
  } else {
    for (var k = 0u; k < 6u; k++) {
      maps[6u * n + k] = table[7u * row + k];
    }
  }
  let moved = floor(vec2(fraction(drawn(key, 1u, 0u)), fraction(drawn(key, 2u, 0u))) * vec2<f32>(params.range));
  maps[6u * n + 2u] += moved.x;
  maps[6u * n + 5u] += moved.y;
}

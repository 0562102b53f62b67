// Places in arrays of any rank.

// Up to eight axes, outermost first: how many elements each has, and how far apart they lie.
struct Axes {
  sizes: vec4<u32>,
  moreSizes: vec4<u32>,
  strides: vec4<u32>,
  moreStrides: vec4<u32>,
}

// Where element i of the first `rank` axes lies.
fn placeAlong(axes: Axes, rank: u32, i: u32) -> u32 {
  var rest = i;
  var place = 0u;
  for (var axis = rank - 1u; axis > 0u; axis--) {
    let size = select(axes.sizes[axis % 4u], axes.moreSizes[axis % 4u], axis >= 4u);
    let stride = select(axes.strides[axis % 4u], axes.moreStrides[axis % 4u], axis >= 4u);
    place += rest % size * stride;
    rest /= size;
  }
  return place + rest * axes.strides.x;
}

// Axes of an array in another order.
//
// The kernel declares `override RANK: u32` and has in its params the sizes of y's axes, outermost first, and how many
// elements of x lie between neighbours along each: `sizes`, `moreSizes`, `strides`, `moreStrides`, vec4<u32>, four axes each.

// The element of x that element i of y is.
fn permutedFrom(i: u32) -> u32 {
  var rest = i;
  var place = 0u;
  for (var k = 1u; k <= RANK; k++) {
    let axis = RANK - k;
    let size = select(params.sizes[axis % 4u], params.moreSizes[axis % 4u], axis >= 4u);
    let stride = select(params.strides[axis % 4u], params.moreStrides[axis % 4u], axis >= 4u);
    place += rest % size * stride;
    rest /= size;
  }
  return place;
}

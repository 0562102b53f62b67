// Images cut into slices, so that many workgroups sum one image in a fixed order: each its slice, and whoever needs the sums adds
// those of the slices.
//
// The kernel declares `params` with `size`, elements of an image, and `slice`, elements of a slice but the last.

fn slicesOfImage() -> u32 {
  return (params.size + params.slice - 1u) / params.slice;
}

// Elements of a slice, counted from 0.
fn elementsOfSlice(slice: u32) -> u32 {
  return min(params.slice, params.size - slice * params.slice);
}

// Images cut into slices, so that many workgroups sum one image in a fixed order: each its slice, and whoever needs the sums adds
// those of the slices.
//
// The kernel declares `params` with `slice`, elements of a slice but the last, and what a function reads: `size`, elements of an
// image; `slices` of an image.

fn slicesOfImage() -> u32 {
  return (params.size + params.slice - 1u) / params.slice;
}

// Elements of a slice, counted from 0.
fn elementsOfSlice(slice: u32) -> u32 {
  return min(params.slice, params.size - slice * params.slice);
}

// A slice: its image, and its elements counted from the image's first, `end` not among them.
struct ImageSlice {
  image: u32,
  first: u32,
  end: u32,
}

// The slice of a number among those of all images, of so many elements.
fn imageSlice(number: u32, elements: u32) -> ImageSlice {
  let first = number % params.slices * params.slice;
  return ImageSlice(number / params.slices, first, min(first + params.slice, elements));
}

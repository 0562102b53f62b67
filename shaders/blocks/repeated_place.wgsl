// Places beyond the ends of an array that take what lies inside of it.
//
// The kernel declares `override MODE: u32`, one of these, as src/layers/pad.ts has them.

const EDGE = 1u;      // the last element again
const REFLECT = 2u;   // mirrored at the last element, which is not repeated
const SYMMETRIC = 3u; // mirrored behind the last element, which is repeated

// The element of an array of `size` that a place takes, from one length before it to one behind it.
fn repeatedAt(place: i32, size: i32) -> i32 {
  if (MODE == EDGE) {
    return clamp(place, 0, size - 1);
  }
  let again = i32(MODE == SYMMETRIC);
  let before = select(place, -place - again, place < 0);
  return select(before, 2 * (size - 1) + again - place, place >= size);
}

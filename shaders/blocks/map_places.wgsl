// Places of points in a map of two or three dimensions.
//
// The kernel binds y, the places one after another.

override DIMENSIONS: u32 = 2u; // 2 or 3

// Where point i lies; in a plane at depth 0.
fn mapPlace(i: u32) -> vec3<f32> {
  let at = i * DIMENSIONS;
  if (DIMENSIONS == 2u) {
    return vec3<f32>(y[at], y[at + 1u], 0.0);
  }
  return vec3<f32>(y[at], y[at + 1u], y[at + 2u]);
}

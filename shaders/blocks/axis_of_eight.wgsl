// Eight numbers, one for each axis of an array, innermost first: the first four, and the next.

// The number of an axis that has no sign.
fn sizeAlong(inner: vec4<u32>, outer: vec4<u32>, axis: u32) -> u32 {
  return select(inner, outer, axis >= 4u)[axis & 3u];
}

// The number of an axis.
fn along(inner: vec4<i32>, outer: vec4<i32>, axis: u32) -> i32 {
  return select(inner, outer, axis >= 4u)[axis & 3u];
}

// Bilinear interpolation: the four pixels around a place, and how near the place is to each.

struct Neighbours {
  low: vec2<u32>,   // the pixel above and to the left
  high: vec2<u32>,  // the pixel below and to the right; at the edge the same
  share: vec2<f32>, // of `high`, down and across, in [0, 1]
}

// The neighbours of a place in pixels from the centre of the first; beyond the edges, the place is moved to the edge.
fn neighbours(place: vec2<f32>, last: vec2<u32>) -> Neighbours {
  let inside = clamp(place, vec2<f32>(0.0), vec2<f32>(last));
  let low = vec2<u32>(inside);
  return Neighbours(low, min(low + 1u, last), inside - vec2<f32>(low));
}

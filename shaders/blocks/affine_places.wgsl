// Affine maps from the pixels of views to places in pictures, and what lies beyond a picture's border. The kernel binds
// `maps` [N, 6]: for each view, the two rows of its map from (row, column, 1) to (row, column), in pixels from the centre of
// the first.

override BORDER = 0u;

const BEYOND_CONSTANT = 0u;
const BEYOND_EDGE = 1u;
const BEYOND_REFLECT = 2u; // the outermost pixel once: c b | a b c | b a
const BEYOND_WRAP = 3u;

// The place in the picture of a pixel of view n.
fn placeInPicture(n: u32, at: vec2<f32>) -> vec2<f32> {
  let m = 6u * n;
  return vec2<f32>(
    maps[m] * at.x + maps[m + 1u] * at.y + maps[m + 2u],
    maps[m + 3u] * at.x + maps[m + 4u] * at.y + maps[m + 5u],
  );
}

// After so many pixels, a reflected picture begins again.
fn periodOf(length: i32) -> i32 {
  return max(2 * (length - 1), 1);
}

// The pixel of a line that stands at a place of the unbounded line; −1 where a constant does.
fn folded(place: i32, length: i32) -> i32 {
  switch BORDER {
    case BEYOND_EDGE: {
      return clamp(place, 0, length - 1);
    }
    case BEYOND_REFLECT: {
      let period = periodOf(length);
      let inside = ((place % period) + period) % period;
      return min(inside, period - inside);
    }
    case BEYOND_WRAP: {
      return ((place % length) + length) % length;
    }
    default: {
      return select(-1, place, place >= 0 && place < length);
    }
  }
}

// Affine maps from the pixels of views to places in pictures, and what lies beyond a picture's border. The kernel binds
// `maps` [N, 6]: for each view, the two rows of its map from (row, column, 1) to (row, column), in pixels from the centre of
// the first.

override BORDER = 0u;

// Moves by whole pixels that a kernel makes with the map, each a view of its own that is never held: `before` the map, of pictures
// to what the map reads, and `after` it. The kernel binds both as it binds `maps`.
override MOVED_BEFORE = false;
override MOVED_AFTER = false;

fn movedBefore(n: u32) -> vec2<i32> {
  if (MOVED_BEFORE) {
    return vec2(i32(before[6u * n + 2u]), i32(before[6u * n + 5u]));
  }
  return vec2(0);
}

fn movedAfter(n: u32) -> vec2<i32> {
  if (MOVED_AFTER) {
    return vec2(i32(after[6u * n + 2u]), i32(after[6u * n + 5u]));
  }
  return vec2(0);
}

const BEYOND_CONSTANT = 0u;
const BEYOND_EDGE = 1u;
const BEYOND_REFLECT = 2u; // the outermost pixel once: c b | a b c | b a
const BEYOND_WRAP = 3u;

// The two rows of a map.
struct AffineMap {
  row: vec3<f32>,
  column: vec3<f32>,
}

fn mapOf(n: u32) -> AffineMap {
  let m = 6u * n;
  return AffineMap(
    vec3(maps[m], maps[m + 1u], maps[m + 2u]),
    vec3(maps[m + 3u], maps[m + 4u], maps[m + 5u]),
  );
}

// The place in the picture of a pixel of a view.
fn placeInPicture(map: AffineMap, pixel: vec2<f32>) -> vec2<f32> {
  let at = vec3(pixel, 1.0);
  return vec2(dot(map.row, at), dot(map.column, at));
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

// The gradient of warp.wgsl: dx = Σ weight · dy over the views of a picture, in order, and the pixels of each that read x's.
//
//   maps, before, after  [images·views, 6]   see blocks/affine_places.wgsl
//   dy    [images·views, H, W, C]
//   dx    [images, h, w, C]
//
// Gathers, so it needs no atomics: a pixel of dx stands at one or more places of the unbounded picture; the inverse of the map
// says which pixels of a view may lie within a pixel of such a place, and the map itself how near each is. One workgroup
// computes 64 consecutive pixels of dx.

struct Params {
  image: vec2<u32>, // h, w
  read: vec2<u32>,  // size of what the map reads: of x, or of x moved
  view: vec2<u32>,  // H, W
  mapped: vec2<u32>, // size of what the map makes: of y, or of what moves to y
  channels: u32,
  views: u32,
  pixels: u32, // of dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> maps: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read> after: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

// Whether every map moves by whole pixels: each pixel is read by one.
override WHOLE = false;
override WIDTH = 1u; // channels that a thread computes at once, at most 4: a divisor of theirs

// Rounding of places, in pixels.
const SLACK = 0.01;

// The first and last places of an unbounded line that a view's pixels read.
struct Reach {
  low: vec2<i32>,
  high: vec2<i32>,
}

fn reachOf(map: AffineMap) -> Reach {
  let last = vec2<f32>(params.mapped - 1u);
  let a = placeInPicture(map, vec2<f32>(0.0));
  let b = placeInPicture(map, vec2<f32>(last.x, 0.0));
  let c = placeInPicture(map, vec2<f32>(0.0, last.y));
  let d = placeInPicture(map, last);
  let low = min(min(a, b), min(c, d));
  let high = max(max(a, b), max(c, d));
  return Reach(vec2<i32>(floor(low - SLACK)), vec2<i32>(floor(high + SLACK)) + 1);
}

// Numbers of the places at which a pixel stands, from first to last.
fn numbersOf(pixel: i32, length: i32, low: i32, high: i32) -> vec2<i32> {
  switch BORDER {
    case BEYOND_EDGE: {
      return vec2(select(pixel, min(low, 0), pixel == 0), select(pixel, max(high, length - 1), pixel == length - 1));
    }
    case BEYOND_REFLECT: {
      let period = f32(periodOf(length));
      return vec2(2 * i32(floor(f32(low) / period)) - 2, 2 * i32(ceil(f32(high) / period)) + 3);
    }
    case BEYOND_WRAP: {
      return vec2(i32(floor(f32(low) / f32(length))) - 1, i32(ceil(f32(high) / f32(length))));
    }
    default: {
      return vec2(pixel);
    }
  }
}

struct Place {
  at: i32,
  taken: bool, // the same place has another number
}

fn placeNumbered(number: i32, pixel: i32, length: i32) -> Place {
  switch BORDER {
    case BEYOND_REFLECT: {
      let period = periodOf(length);
      let turn = number >> 1u;
      if ((number & 1) == 0) {
        return Place(pixel + turn * period, false);
      }
      return Place(turn * period - pixel, (2 * pixel) % period == 0);
    }
    case BEYOND_WRAP: {
      return Place(pixel + number * length, false);
    }
    default: {
      return Place(number, false);
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.pixels) {
    return;
  }
  let line = i / params.image.y;
  let picture = line / params.image.x;
  let inPicture = vec2<i32>(vec2(line % params.image.x, i % params.image.y));
  let size = vec2<i32>(params.read);
  for (var base = 0u; base < params.channels; base += WIDTH) {
    var sum = vec4<f32>();
    for (var n = picture * params.views; n < (picture + 1u) * params.views; n++) {
      let pixel = inPicture - movedBefore(n);
      if (MOVED_BEFORE && (any(pixel < vec2(0)) || any(pixel >= size))) {
        continue;
      }
      let first = movedAfter(n);
      let last = vec2<f32>(first + vec2<i32>(params.view) - 1);
      // With a move before the map, as if each view's gradient were held between the two.
      var own = sum;
      if (MOVED_BEFORE) {
        own = vec4<f32>();
      }
      let map = mapOf(n);
      let determinant = map.row.x * map.column.y - map.row.y * map.column.x;
      let inverse = vec4(map.column.y, -map.row.y, -map.column.x, map.row.x) / determinant;
      var extent = vec2(SLACK);
      if (!WHOLE) {
        extent += vec2(abs(inverse.x) + abs(inverse.y), abs(inverse.z) + abs(inverse.w));
      }
      var reach: Reach;
      if (BORDER != BEYOND_CONSTANT) {
        reach = reachOf(map);
      }
      let rows = numbersOf(pixel.x, size.x, reach.low.x, reach.high.x);
      let columns = numbersOf(pixel.y, size.y, reach.low.y, reach.high.y);
      for (var r = rows.x; r <= rows.y; r++) {
        let row = placeNumbered(r, pixel.x, size.x);
        for (var c = columns.x; c <= columns.y; c++) {
          let column = placeNumbered(c, pixel.y, size.y);
          if (row.taken || column.taken) {
            continue;
          }
          let place = vec2<f32>(vec2(row.at, column.at));
          let away = place - vec2(map.row.z, map.column.z);
          let centre = vec2(dot(inverse.xy, away), dot(inverse.zw, away));
          let low = max(ceil(centre - extent), vec2<f32>(first));
          let high = min(floor(centre + extent), last);
          for (var v = low.x; v <= high.x; v += 1.0) {
            for (var u = low.y; u <= high.y; u += 1.0) {
              let near = max(1.0 - abs(placeInPicture(map, vec2(v, u)) - place), vec2<f32>(0.0));
              let weight = near.x * near.y;
              if (weight > 0.0) {
                let at = vec2<u32>(vec2(i32(v), i32(u)) - first);
                let start = ((n * params.view.x + at.x) * params.view.y + at.y) * params.channels + base;
                for (var k = 0u; k < WIDTH; k++) {
                  own[k] += weight * dy[start + k];
                }
              }
            }
          }
        }
      }
      if (MOVED_BEFORE) {
        sum += own;
      } else {
        sum = own;
      }
    }
    for (var k = 0u; k < WIDTH; k++) {
      dx[i * params.channels + base + k] = sum[k];
    }
  }
}

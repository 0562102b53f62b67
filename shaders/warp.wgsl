// Views of pictures by affine maps: y[n] at a pixel is x[⌊n / views⌋] at the place that the map of n says, bilinear between the
// four pixels around it. Where the map moves by whole pixels, pixels are copied exactly.
//
//   x     [images, h, w, C]
//   maps, before, after  [images·views, 6]   see blocks/affine_places.wgsl
//   y     [images·views, H, W, C]
//
// Beyond the border of what a map reads stands params.value, or what BORDER says; with a move before it, params.around beyond x. One workgroup computes 64 consecutive pixels of y.

struct Params {
  image: vec2<u32>, // h, w
  read: vec2<u32>,  // size of what the map reads: of x, or of x moved
  view: vec2<u32>,  // H, W
  channels: u32,
  views: u32,
  pixels: u32, // of y
  value: f32,
  around: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> maps: array<f32>;
@group(0) @binding(3) var<storage, read> before: array<f32>;
@group(0) @binding(4) var<storage, read> after: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// A row or column of x for one of what the map reads.
const VALUE = -1;
const AROUND = -2;

fn placeInX(folded: i32, moved: i32, length: u32) -> i32 {
  if (!MOVED_BEFORE || folded < 0) {
    return folded;
  }
  let place = folded + moved;
  return select(AROUND, place, place >= 0 && place < i32(length));
}

fn pixelAt(first: u32, row: i32, column: i32, channel: u32) -> f32 {
  if (row == VALUE || column == VALUE) {
    return params.value;
  }
  if (MOVED_BEFORE && (row == AROUND || column == AROUND)) {
    return params.around;
  }
  return x[((first + u32(row)) * params.image.y + u32(column)) * params.channels + channel];
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
  let line = i / params.view.y;
  let n = line / params.view.x;
  let pixel = vec2<i32>(vec2(line % params.view.x, i % params.view.y)) + movedAfter(n);
  let place = placeInPicture(mapOf(n), vec2<f32>(pixel));
  let low = floor(place);
  let part = place - low;
  let size = vec2<i32>(params.read);
  let moved = movedBefore(n);
  let above = placeInX(folded(i32(low.x), size.x), moved.x, params.image.x);
  let below = placeInX(folded(i32(low.x) + 1, size.x), moved.x, params.image.x);
  let left = placeInX(folded(i32(low.y), size.y), moved.y, params.image.y);
  let right = placeInX(folded(i32(low.y) + 1, size.y), moved.y, params.image.y);
  let first = n / params.views * params.image.x;
  for (var c = 0u; c < params.channels; c++) {
    let upper = (1.0 - part.y) * pixelAt(first, above, left, c) + part.y * pixelAt(first, above, right, c);
    let lower = (1.0 - part.y) * pixelAt(first, below, left, c) + part.y * pixelAt(first, below, right, c);
    y[i * params.channels + c] = (1.0 - part.x) * upper + part.x * lower;
  }
}

// The gradient of fit_views.wgsl: dx = Σ scale · weight · dy over every view of an image and every pixel of y that reads x's.
//
//   dy  [images·views, H, W, C]
//   dx  [images, h, w, C]
//
// Gathers, so it needs no atomics. One workgroup computes 64 consecutive pixels of dx.

struct Params {
  image: vec2<u32>, // h, w
  view: vec2<u32>,   // H, W
  channels: u32,
  views: u32,
  pixels: u32, // of dx
  scale: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// Whether dx has the size of dy.
override SAME_SIZE = false;

// Rounding of places, in pixels.
const SLACK = 0.01;

// How much the pixel at `to` along an axis reads of the one at `at`.
fn weight(to: u32, at: u32, axis: u32) -> f32 {
  let sizes = vec2<f32>(f32(params.image[axis]), f32(params.view[axis]));
  let place = clamp((f32(to) + 0.5) * sizes.x / sizes.y - 0.5, 0.0, sizes.x - 1.0);
  return max(0.0, 1.0 - abs(place - f32(at)));
}

// The pixels along an axis that may read the one at `at`: the first, and the one behind the last.
fn readers(at: u32, axis: u32) -> vec2<u32> {
  let ratio = f32(params.view[axis]) / f32(params.image[axis]);
  let low = ceil((f32(at) - 0.5) * ratio - 0.5 - SLACK);
  let high = floor((f32(at) + 1.5) * ratio - 0.5 + SLACK) + 1.0;
  return vec2(u32(max(low, 0.0)), min(u32(max(high, 0.0)), params.view[axis]));
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
  let channels = params.channels;
  if (SAME_SIZE) {
    let size = params.image.x * params.image.y;
    let first = i / size * params.views * size + i % size;
    for (var c = 0u; c < channels; c++) {
      var sum = 0.0;
      for (var view = 0u; view < params.views; view++) {
        sum += dy[(first + view * size) * channels + c];
      }
      dx[i * channels + c] = params.scale[c % 4u] * sum;
    }
    return;
  }
  let line = i / params.image.y;
  let n = line / params.image.x;
  let row = line % params.image.x;
  let column = i % params.image.y;
  let rows = readers(row, 0u);
  let columns = readers(column, 1u);
  for (var base = 0u; base < channels; base += 4u) {
    let width = min(channels - base, 4u);
    var sum = vec4<f32>();
    for (var view = n * params.views; view < (n + 1u) * params.views; view++) {
      for (var r = rows.x; r < rows.y; r++) {
        let vertical = weight(r, row, 0u);
        for (var c = columns.x; c < columns.y && vertical > 0.0; c++) {
          let share = vertical * weight(c, column, 1u);
          let start = ((view * params.view.x + r) * params.view.y + c) * channels + base;
          for (var k = 0u; k < width; k++) {
            sum[k] += share * dy[start + k];
          }
        }
      }
    }
    for (var k = 0u; k < width; k++) {
      dx[i * channels + base + k] = params.scale[k] * sum[k];
    }
  }
}

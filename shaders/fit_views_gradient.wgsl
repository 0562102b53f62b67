// The gradient of fit_views.wgsl: dx = Σ scale · weight · dy over every view of an image and every pixel of y that reads x's.
//
//   dy  [images·views, H, W, C]
//   dx  [images, h, w, C]
//
// Gathers, so it needs no atomics. One workgroup computes 256 consecutive elements of dx.

struct Params {
  image: vec2<u32>, // h, w
  view: vec2<u32>,   // H, W
  channels: u32,
  views: u32,
  size: u32, // elements of dx
  scale: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// Whether dx has the size of dy.
override SAME_SIZE = false;

// How much the pixel at `to` along an axis reads of the one at `at`.
fn weight(to: u32, at: u32, axis: u32) -> f32 {
  let sizes = vec2<f32>(f32(params.image[axis]), f32(params.view[axis]));
  let place = clamp((f32(to) + 0.5) * sizes.x / sizes.y - 0.5, 0.0, sizes.x - 1.0);
  return max(0.0, 1.0 - abs(place - f32(at)));
}

// The pixels along an axis that may read the one at `at`: the first, and the one behind the last.
fn readers(at: u32, axis: u32) -> vec2<u32> {
  let ratio = f32(params.view[axis]) / f32(params.image[axis]);
  let low = floor((f32(at) - 0.5) * ratio - 0.51);
  let high = ceil((f32(at) + 1.5) * ratio - 0.49) + 1.0;
  return vec2(u32(max(low, 0.0)), min(u32(max(high, 0.0)), params.view[axis]));
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let channel = i % params.channels;
  var sum = 0.0;
  if (SAME_SIZE) {
    let size = params.image.x * params.image.y * params.channels;
    let first = i / size * params.views * size + i % size;
    for (var view = 0u; view < params.views; view++) {
      sum += dy[first + view * size];
    }
    dx[i] = params.scale[channel % 4u] * sum;
    return;
  }
  let pixel = i / params.channels;
  let line = pixel / params.image.y;
  let n = line / params.image.x;
  let row = line % params.image.x;
  let column = pixel % params.image.y;
  let rows = readers(row, 0u);
  let columns = readers(column, 1u);
  for (var view = n * params.views; view < (n + 1u) * params.views; view++) {
    for (var r = rows.x; r < rows.y; r++) {
      let vertical = weight(r, row, 0u);
      for (var c = columns.x; c < columns.y && vertical > 0.0; c++) {
        let place = (view * params.view.x + r) * params.view.y + c;
        sum += vertical * weight(c, column, 1u) * dy[place * params.channels + channel];
      }
    }
  }
  dx[i] = params.scale[channel % 4u] * sum;
}

// Normalisation over the channels of a pixel (see normalization.wgsl) in the dirty rectangles of a layer.
//
//   x       [start + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   scale   [period]                     repeated over the channels; unused unless SCALE
//   offset  [period]                     likewise; unused unless OFFSET
//   rects   [layouts, patches + 1, 4]    rectangles; the last of each layout holds its number of items
//   y       [start + dirty, channels]    the clean layer, which stays, then its dirty rectangles, which are those of x
//
// One workgroup computes 64 consecutive pixels of the dirty rectangles of y.

struct Params {
  start: u32, // pixels of the clean layer
  count: u32, // which rectangle holds the number of items
  channels: u32,
  scalePeriod: u32,
  offsetPeriod: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> offset: array<f32>;
@group(0) @binding(4) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override SCALE: bool = true;
override OFFSET: bool = true;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = (group.x + group.y * groups.x) * 64u + thread;
  if (item >= u32(rects[params.count].w)) {
    return;
  }
  let base = (params.start + item) * params.channels;
  let count = f32(params.channels);
  var sum = 0.0;
  for (var c = 0u; c < params.channels; c++) {
    sum += x[base + c];
  }
  let mean = sum / count;
  var squares = 0.0;
  for (var c = 0u; c < params.channels; c++) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let factor = 1.0 / sqrt(squares / count + params.epsilon);
  for (var c = 0u; c < params.channels; c++) {
    var value = (x[base + c] - mean) * factor;
    if (SCALE) {
      value *= scale[c % params.scalePeriod];
    }
    if (OFFSET) {
      value += offset[c % params.offsetPeriod];
    }
    y[base + c] = value;
  }
}

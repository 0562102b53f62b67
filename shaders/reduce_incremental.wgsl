// A sum, product, largest or smallest value over the channels (see reduce.wgsl) in the dirty rectangles of a layer.
//
//   x      [start + dirty, channels]    the clean layer, then its dirty rectangles, patch after patch
//   rects  [layouts, patches + 1, 4]    rectangles; the last of each layout holds its number of items
//   y      [start + dirty]              the clean layer, which stays, then its dirty rectangles, which are those of x
//
// One workgroup computes 64 consecutive pixels of the dirty rectangles of y.

struct Params {
  start: u32, // pixels of the clean layer
  count: u32, // which rectangle holds the number of items
  channels: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rects: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override OVER_LARGEST: bool = false; // the elements are taken relative to the largest

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
  var peak = x[base];
  if (OVER_LARGEST) {
    for (var c = 1u; c < params.channels; c++) {
      peak = max(peak, x[base + c]);
    }
  }
  var value = beginning(ofElement(x[base], peak));
  for (var c = 0u; c < params.channels; c++) {
    value = takenTogether(value, ofElement(x[base + c], peak));
  }
  y[params.start + item] = ofAll(value, peak);
}

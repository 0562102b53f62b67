// The least and the largest value of each map of a layer, once enlarged to the image.
//
//   a       [1, h, w, C]  activations of a layer
//   ranges  [C, 2]        least and largest value over H×W places, bilinear between the centres of the layer's cells
//
// One workgroup computes one channel.

struct Params {
  maps: vec2<u32>,  // h, w
  image: vec2<u32>, // H, W
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> ranges: array<f32>;

var<workgroup> low: array<f32, 256>;
var<workgroup> high: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let channel = group.x;
  let pixels = params.image.x * params.image.y;
  var least = enlarged(vec2<u32>(0u), channel);
  var most = least;
  for (var i = thread; i < pixels; i += 256u) {
    let value = enlarged(vec2(i / params.image.y, i % params.image.y), channel);
    least = min(least, value);
    most = max(most, value);
  }
  low[thread] = least;
  high[thread] = most;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      low[thread] = min(low[thread], low[thread + stride]);
      high[thread] = max(high[thread], high[thread + stride]);
    }
  }
  if (thread == 0u) {
    ranges[2u * channel] = low[0];
    ranges[2u * channel + 1u] = high[0];
  }
}

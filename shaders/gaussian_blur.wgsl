// Blurs images along one axis by a symmetric filter. Beyond a border the image is mirrored, its outermost pixel twice
// (d c b a | a b c d), as scipy.ndimage.gaussian_filter has it.
//
//   x     [N, outer, length, inner]  length is the axis: a column has inner = W·C, a row inner = C
//   taps  [radius + 1]               the filter's weights, from its centre outwards
//   y     [N, outer, length, inner]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> taps: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// The place within the image that stands for one that may be beyond its border.
fn mirrored(place: i32) -> u32 {
  let length = i32(params.length);
  if (place >= 0 && place < length) {
    return u32(place);
  }
  let period = 2 * length;
  let within = (place % period + period) % period;
  return u32(select(within, period - 1 - within, within >= length));
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
  let place = i32(i / params.inner % params.length);
  let base = i - u32(place) * params.inner;
  var sum = taps[0] * x[i];
  for (var k = 1; k < i32(arrayLength(&taps)); k++) {
    sum += taps[k] * (x[base + mirrored(place - k) * params.inner] + x[base + mirrored(place + k) * params.inner]);
  }
  y[i] = sum;
}

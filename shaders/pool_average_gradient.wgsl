// Gradient of a sliding mean: dx = Σ dy / pixels inside, over the windows that cover a pixel.
//
//   dy  [N, output, channels]
//   dx  [N, image, channels]
//
// Gathers, so it needs no atomics. One workgroup computes 256 consecutive elements of dx.

struct Params {
  image: vec2<u32>,   // height, width of x
  output: vec2<u32>,  // height, width of y
  window: vec2<u32>,
  strides: vec2<u32>,
  before: vec2<u32>,  // padding above and to the left
  channels: u32,
  size: u32,          // elements of dx
  accumulate: u32,    // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

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
  let pixel = i / params.channels;
  let row = pixel / params.image.y;
  let image = row / params.image.x;
  let here = vec2<u32>(row % params.image.x, pixel % params.image.y);

  // The windows that cover this pixel.
  let at = here + params.before;
  let first = select(
    vec2<u32>(0u),
    (at - params.window) / params.strides + 1u,
    at >= params.window,
  );
  let end = min(at / params.strides + 1u, params.output);

  var sum = 0.0;
  for (var v = first.x; v < end.x; v++) {
    for (var u = first.y; u < end.y; u++) {
      let o = ((image * params.output.x + v) * params.output.y + u) * params.channels + channel;
      let start = vec2<i32>(vec2<u32>(v, u) * params.strides) - vec2<i32>(params.before);
      let inside = min(vec2<u32>(start + vec2<i32>(params.window)), params.image) -
        vec2<u32>(max(start, vec2<i32>(0)));
      sum += dy[o] / f32(inside.x * inside.y);
    }
  }
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

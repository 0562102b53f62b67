// The gradient of weight · Σ (Δ→² + Δ↓²)^(β/2) to x; where β < 2, squares below 1e-5 count as 1e-5, so that it stays finite.
//
//   x   [N, height, width, channels]
//   dx  [N, height, width, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // of all images
  height: u32,
  width: u32,
  channels: u32,
  beta: f32,
  weight: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// The slope of an element's term to its two differences.
fn slopes(d: vec2<f32>) -> vec2<f32> {
  if (params.beta == 2.0) {
    return 2.0 * d;
  }
  return params.beta * pow(max(dot(d, d), 1e-5), 0.5 * params.beta - 1.0) * d;
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
  let pixel = i / params.channels;
  let column = pixel % params.width;
  let row = pixel / params.width % params.height;
  let own = slopes(differences(i, row, column));
  var slope = -own.x - own.y;
  if (column > 0u) {
    slope += slopes(differences(i - params.channels, row, column - 1u)).x;
  }
  if (row > 0u) {
    slope += slopes(differences(i - params.width * params.channels, row - 1u, column)).y;
  }
  slope *= params.weight;
  dx[i] = select(slope, dx[i] + slope, params.accumulate == 1u);
}

// The gradient of weight · Σ |x − r|^α to x.
//
//   x   [N, size]
//   r   [period]   the reference, repeated as in distance.wgsl
//   dx  [N, size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // of all images
  period: u32,
  alpha: f32,
  weight: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  let slope = params.weight * distanceSlope(x[i] - r[i % params.period]);
  dx[i] = select(slope, dx[i] + slope, params.accumulate == 1u);
}

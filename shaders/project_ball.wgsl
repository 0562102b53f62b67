// Brings parameters back into a ball: x = c + (x − c) · min(1, radius / ‖x − c‖).
//
//   squares  [images]        Σ (x − c)² of each image
//   centre   [period]        c, repeated: one number, an image, or all of x
//   x        [images, size]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  total: u32, // elements of x
  size: u32,
  period: u32,
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> squares: array<f32>;
@group(0) @binding(2) var<storage, read> centre: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.total) {
    return;
  }
  let norm = sqrt(squares[i / params.size]);
  if (norm > params.radius) {
    let c = centre[i % params.period];
    x[i] = c + (x[i] - c) * (params.radius / norm);
  }
}

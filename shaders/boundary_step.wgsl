// A step of DeepFool: onto the nearest linearised boundary and a little beyond, for pictures that still have their class
// (Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, algorithm 2).
//
//   x0        [N, size]  the pictures as they were
//   losses    [N, 2]     the second above 0 where a picture has lost its class, and stays as it is
//   boundary  [N, 2]     distance to the nearest boundary, and the length of `nearest`
//   nearest   [N, size]  gradient across that boundary
//   moved     [N, size]  sum of the steps; this one is added
//   taken     [N]        number of steps; this one is added
//   x         [N, size]  x0 + (1 + overshoot)·moved, within 0 to 1
//
// One workgroup computes one picture.

struct Params {
  size: u32, // elements of a picture
  overshoot: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x0: array<f32>;
@group(0) @binding(2) var<storage, read> losses: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> boundary: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> nearest: array<f32>;
@group(0) @binding(5) var<storage, read_write> moved: array<f32>;
@group(0) @binding(6) var<storage, read_write> taken: array<u32>;
@group(0) @binding(7) var<storage, read_write> x: array<f32>;

const THREADS = 256u;
const BEYOND = 1e-4; // so that a distance of zero moves, too

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let to = boundary[n];
  if (losses[n].y > 0.0 || to.y == 0.0) {
    return;
  }
  let scale = (to.x + BEYOND) / to.y;
  for (var i = n * params.size + thread; i < (n + 1u) * params.size; i += THREADS) {
    moved[i] += scale * nearest[i];
    x[i] = clamp(x0[i] + (1.0 + params.overshoot) * moved[i], 0.0, 1.0);
  }
  if (thread == 0u) {
    taken[n] += 1u;
  }
}

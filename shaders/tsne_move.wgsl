// Moves the points of a map down the gradient, with momentum and a gain of its own for every number.
//
//   g         [size]  gradient
//   step      [1]     number of the iteration
//   velocity  [size]
//   gains     [size]
//   y         [size]  places
//
// A gain grows by .2 where gradient and velocity agree on the way, and else shrinks to .8 of itself, to .01 at least. Velocity is
// forgotten and gains are 1 when the exaggeration ends, as in scikit-learn. One thread moves one number.

struct Params {
  size: u32,
  early: u32, // iterations with exaggeration, and with a momentum of .5; then it is .8
  rate: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(4) var<storage, read_write> gains: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.size) {
    return;
  }
  let fresh = step[0] == 0u || step[0] == params.early;
  let before = select(velocity[i], 0.0, fresh);
  let gain = select(gains[i], 1.0, fresh);
  let onward = before * g[i] < 0.0;
  let next = max(0.01, select(0.8 * gain, gain + 0.2, onward));
  let momentum = select(0.8, 0.5, step[0] < params.early);
  let moved = momentum * before - params.rate * next * g[i];
  velocity[i] = moved;
  gains[i] = next;
  y[i] += moved;
}

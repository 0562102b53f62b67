// A step with momentum: m = decay · m + rate · g, x += m.
//
//   g      [size]   gradient
//   step   [1]      number of the step, from 0; in step 0 what m held is forgotten
//   rates  [steps]  rate of each step; the last one goes on
//   m      [size]   what is left of the steps before
//   x      [size]   parameters
//
// With RESET m is zero whenever the rate changes. One workgroup computes 256 consecutive elements.

struct Params {
  size: u32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

override RESET: bool = false;

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
  let rate = rateAt(step[0]);
  let fresh = step[0] == 0u || (RESET && rate != rateAt(step[0] - 1u));
  let before = select(m[i], 0.0, fresh);
  m[i] = params.decay * before + rate * g[i];
  x[i] += m[i];
}

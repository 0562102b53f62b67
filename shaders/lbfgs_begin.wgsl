// Keeps the pair of the last move of L-BFGS, and begins the next direction at d = −l = g.
//
//   g         [images, size]  gradient of the objective
//   state     [images]
//   previous  [images, size]  l where the last direction begins; now where the next one does
//   d         [images, size]
//   s, y      [history, images, size]
//
// An image whose last move is tried again stays as it is. One workgroup computes 256 consecutive elements.

struct Params {
  images: u32,
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> state: array<LbfgsState>;
@group(0) @binding(3) var<storage, read_write> previous: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;
@group(0) @binding(5) var<storage, read_write> s: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  let all = params.images * params.size;
  if (i >= all) {
    return;
  }
  let own = state[i / params.size];
  if (own.moves == 0u) {
    return;
  }
  if (own.stored == 1u) {
    s[own.newest * all + i] = own.before * d[i];
    y[own.newest * all + i] = -g[i] - previous[i];
  }
  previous[i] = -g[i];
  d[i] = g[i];
}

// y = activation(a + b + c + d), element by element; with ACCUMULATE what y holds is a term too.
//
//   a, b, c, d  [N, pixels, channels]  the first TERMS of them are read; those in BROADCAST are [N, channels], and are
//                                      repeated over the pixels of their image
//   y           [N, pixels, channels]
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // N·pixels·channels
  pixels: u32,
  channels: u32,
  alpha: f32, // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read> d: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

alias Value = f32; // of the shared blocks
override TERMS: u32 = 2u;
override ACCUMULATE: bool = false;
override BROADCAST: u32 = 0u; // bit t: term t is repeated over the pixels

/// Where a term has its value for element i of y.
fn place(term: u32, i: u32) -> u32 {
  if (((BROADCAST >> term) & 1u) == 0u) {
    return i;
  }
  return i / (params.pixels * params.channels) * params.channels + i % params.channels;
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
  var sum = a[place(0u, i)];
  if (ACCUMULATE) {
    sum += y[i];
  }
  if (TERMS > 1u) {
    sum += b[place(1u, i)];
  }
  if (TERMS > 2u) {
    sum += c[place(2u, i)];
  }
  if (TERMS > 3u) {
    sum += d[place(3u, i)];
  }
  y[i] = activate(sum);
}

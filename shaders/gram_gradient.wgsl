// Gradient of a Gram matrix to its activations: dx[n, p, :] = (x[n, p, :] − mean) · s[n], with s = dy + dyᵀ.
//
//   x     [images, pixels, channels]    in chunks of four channels
//   mean  [images, channels]            subtracted from x where CENTRE; else unused
//   s     [images, channels, channels]  symmetric
//   dx    [images, pixels, channels]
//
// One thread computes four pixels by two chunks in registers; one workgroup computes 64 such consecutive blocks.

struct Params {
  images: u32,
  pixels: u32,
  chunks: u32, // channels / 4
  rows: u32,   // blocks of pixels of an image: ⌈pixels / 4⌉
  pairs: u32,  // ⌈chunks / 2⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> s: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

alias Stored = vec4<f32>; // or vec4<f16>

override CENTRE: bool = false;
override ACCUMULATE: bool = false; // add to dx

/// Two neighbouring chunks of a pixel, the second where there is one.
fn store(at: u32, chunk: u32, first: vec4<f32>, second: vec4<f32>) {
  put(at, first);
  if (chunk + 1u < params.chunks) {
    put(at + 1u, second);
  }
}

fn put(at: u32, value: vec4<f32>) {
  if (ACCUMULATE) {
    dx[at] += value;
  } else {
    dx[at] = value;
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + thread;
  let pair = id % params.pairs;
  let row = (id / params.pairs) % params.rows;
  let image = id / params.pairs / params.rows;
  if (image >= params.images) {
    return;
  }
  // Beyond the last pixel and the last chunk the last one is computed again, and not written.
  let pixel = row * 4u + vec4<u32>(0u, 1u, 2u, 3u);
  let at = (image * params.pixels + min(pixel, vec4<u32>(params.pixels - 1u))) * params.chunks;
  let left = pair * 2u;
  let right = min(left + 1u, params.chunks - 1u);
  var weights = image * params.chunks * 4u * params.chunks;
  // A column for each pixel.
  var l = mat4x4<f32>();
  var r = mat4x4<f32>();
  for (var k = 0u; k < params.chunks; k++) {
    var a0 = vec4<f32>(x[at.x + k]);
    var a1 = vec4<f32>(x[at.y + k]);
    var a2 = vec4<f32>(x[at.z + k]);
    var a3 = vec4<f32>(x[at.w + k]);
    if (CENTRE) {
      let m = mean[image * params.chunks + k];
      a0 -= m;
      a1 -= m;
      a2 -= m;
      a3 -= m;
    }
    let a = transpose(mat4x4<f32>(a0, a1, a2, a3));
    l = plusOuter(l, a[0], s[weights + left]);
    r = plusOuter(r, a[0], s[weights + right]);
    weights += params.chunks;
    l = plusOuter(l, a[1], s[weights + left]);
    r = plusOuter(r, a[1], s[weights + right]);
    weights += params.chunks;
    l = plusOuter(l, a[2], s[weights + left]);
    r = plusOuter(r, a[2], s[weights + right]);
    weights += params.chunks;
    l = plusOuter(l, a[3], s[weights + left]);
    r = plusOuter(r, a[3], s[weights + right]);
    weights += params.chunks;
  }
  let live = pixel < vec4<u32>(params.pixels);
  let out = at + left;
  if (live.x) { store(out.x, left, l[0], r[0]); }
  if (live.y) { store(out.y, left, l[1], r[1]); }
  if (live.z) { store(out.z, left, l[2], r[2]); }
  if (live.w) { store(out.w, left, l[3], r[3]); }
}

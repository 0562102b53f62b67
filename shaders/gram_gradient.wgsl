// Gradient of a Gram matrix to its activations: dx[n, p, :] = (x[n, p, :] − mean) · s[n], with s = dy + dyᵀ.
//
//   x     [images, pixels, channels]    in chunks of four channels
//   mean  [images, channels]            subtracted from x where CENTRE; else unused
//   s     [images, channels, channels]  symmetric
//   dx    [images, pixels, channels]
//
// One thread computes PIXELS pixels by two chunks in registers; one workgroup computes 64 such consecutive blocks.

struct Params {
  images: u32,
  pixels: u32,
  chunks: u32, // channels / 4
  rows: u32,   // blocks of pixels of an image: ⌈pixels / PIXELS⌉
  pairs: u32,  // ⌈chunks / 2⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> s: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

alias Stored = vec4<f32>; // or vec4<f16>
const PIXELS = 4u;

override CENTRE: bool = false;
override ACCUMULATE: bool = false; // add to dx

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
  var pixel: array<u32, PIXELS>;
  for (var p = 0u; p < PIXELS; p++) {
    pixel[p] = (image * params.pixels + min(row * PIXELS + p, params.pixels - 1u)) * params.chunks;
  }
  let left = pair * 2u;
  let right = min(left + 1u, params.chunks - 1u);
  var weights = image * params.chunks * 4u * params.chunks;
  var sum: array<array<vec4<f32>, 2>, PIXELS>;
  for (var k = 0u; k < params.chunks; k++) {
    var a: array<vec4<f32>, PIXELS>;
    for (var p = 0u; p < PIXELS; p++) {
      a[p] = vec4<f32>(x[pixel[p] + k]);
      if (CENTRE) {
        a[p] -= mean[image * params.chunks + k];
      }
    }
    for (var c = 0u; c < 4u; c++) {
      let l = s[weights + left];
      let r = s[weights + right];
      for (var p = 0u; p < PIXELS; p++) {
        sum[p][0] = fma(vec4<f32>(a[p][c]), l, sum[p][0]);
        sum[p][1] = fma(vec4<f32>(a[p][c]), r, sum[p][1]);
      }
      weights += params.chunks;
    }
  }
  for (var p = 0u; p < PIXELS; p++) {
    if (row * PIXELS + p >= params.pixels) {
      break;
    }
    for (var j = 0u; j < 2u; j++) {
      if (left + j < params.chunks) {
        let o = pixel[p] + left + j;
        if (ACCUMULATE) {
          sum[p][j] += dx[o];
        }
        dx[o] = sum[p][j];
      }
    }
  }
}

// Takes a gradient to the pixels of color_sigmoid.wgsl back: dt = Mᵀ·(range·σ′·dpixels).
//
//   pixels   [pixels, channels]  as color_sigmoid.wgsl wrote them
//   dpixels  [pixels, channels]  gradient to them
//   dt       [pixels, channels]  gradient to t
//
// σ′ = σ·(1 − σ), σ taken from the pixels. One workgroup computes 64 consecutive pixels.

struct Params {
  pixels: u32, // of all images
  channels: u32,
  mixed: u32, // 1: by M, of 3 channels
  low: f32,
  range: f32,
  rows: array<vec4<f32>, 3>, // of M
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<f32>;
@group(0) @binding(2) var<storage, read> dpixels: array<f32>;
@group(0) @binding(3) var<storage, read_write> dt: array<f32>;

// Gradient to the sigmoid's input.
fn inner(i: u32) -> f32 {
  let s = (pixels[i] - params.low) / params.range;
  return params.range * s * (1.0 - s) * dpixels[i];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= params.pixels) {
    return;
  }
  let first = i * params.channels;
  if (params.mixed == 1u) {
    let before = vec3(inner(first), inner(first + 1u), inner(first + 2u));
    for (var channel = 0u; channel < 3u; channel++) {
      var sum = 0.0;
      for (var c = 0u; c < 3u; c++) {
        sum += params.rows[c][channel] * before[c];
      }
      dt[first + channel] = sum;
    }
    return;
  }
  for (var c = 0u; c < params.channels; c++) {
    dt[first + c] = inner(first + c);
  }
}

// Makes pixels of numbers without bounds: pixels = low + range·σ(M·t), M over the channels of each pixel, or none.
//
//   t       [pixels, channels]  decorrelated channels; pixels: of all images
//   pixels  [pixels, channels]  from low to low + range
//
// One workgroup computes 64 consecutive pixels.

struct Params {
  pixels: u32, // of all images
  channels: u32,
  mixed: u32, // 1: by M, of 3 channels
  low: f32,
  range: f32,
  rows: array<vec4<f32>, 3>, // of M
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> t: array<f32>;
@group(0) @binding(2) var<storage, read_write> pixels: array<f32>;

fn squashed(z: f32) -> f32 {
  return params.low + params.range / (1.0 + exp(clamp(-z, -80.0, 80.0)));
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
    let mixture = vec3(t[first], t[first + 1u], t[first + 2u]);
    for (var c = 0u; c < 3u; c++) {
      pixels[first + c] = squashed(dot(params.rows[c].xyz, mixture));
    }
    return;
  }
  for (var c = 0u; c < params.channels; c++) {
    pixels[first + c] = squashed(t[first + c]);
  }
}

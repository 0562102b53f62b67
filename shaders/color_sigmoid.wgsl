// Makes pixels of numbers without bounds: pixels = low + range·σ(M·t), M over the channels of each pixel, or none.
//
//   t       [pixels, channels]  decorrelated channels; pixels: of all images
//   pixels  [pixels, channels]  from low to low + range
//
// One workgroup computes 256 consecutive elements.

struct Params {
  size: u32, // elements of t
  channels: u32,
  mixed: u32, // 1: by M, of 3 channels
  low: f32,
  range: f32,
  rows: array<vec4<f32>, 3>, // of M
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> t: array<f32>;
@group(0) @binding(2) var<storage, read_write> pixels: array<f32>;

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
  var z = t[i];
  if (params.mixed == 1u) {
    let channel = i % params.channels;
    let first = i - channel;
    z = dot(params.rows[channel].xyz, vec3(t[first], t[first + 1u], t[first + 2u]));
  }
  pixels[i] = params.low + params.range / (1.0 + exp(clamp(-z, -80.0, 80.0)));
}

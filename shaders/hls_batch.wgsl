// Draws pictures whose pixels are given by hue, lightness and saturation, as a network's input, rounded to 8 bits first.
//
//   genes  [N, H, W, 3]  hue (in turns), lightness and saturation, 0…1
//   y      [N, H, W, C]  the batch; C = 3, or 1 for the luma
//
// One workgroup computes 256 consecutive pixels of the batch.
// Source: the direct encoding of Nguyen et al. 2015 (arXiv:1412.1897).

struct Params {
  pixels: u32,  // N · H · W
  channels: u32, // C
  scale: vec4<f32>,  // input = v · scale + offset, of v in 0…255
  offset: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> genes: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.pixels) {
    return;
  }
  let rgb = rgbOfHls(genes[3u * i], genes[3u * i + 1u], genes[3u * i + 2u]);
  for (var c = 0u; c < params.channels; c++) {
    y[i * params.channels + c] = writtenPixel(rgb, c);
  }
}

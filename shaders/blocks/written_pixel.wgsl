// A drawn colour as a network's input, after rounding to the 8 bits of a file.
//
// The kernel declares `params` with scale and offset: vec4<f32>, v · scale + offset of v in 0…255; and channels: u32, 3, or 1
// for the luma (ITU-R BT.601).

const LUMA_OF_RGB = vec3<f32>(0.299, 0.587, 0.114);

// A channel's value, of a colour of 0…1.
fn writtenPixel(rgb: vec3<f32>, channel: u32) -> f32 {
  let color = select(rgb, vec3<f32>(dot(rgb, LUMA_OF_RGB)), params.channels == 1u);
  return round(color[channel] * 255.0) * params.scale[channel] + params.offset[channel];
}

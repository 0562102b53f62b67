// Colours by hue, lightness and saturation.

// Red, green and blue of 0…1. Hue is in turns from red and may be any number; lightness and saturation are cut to 0…1.
fn rgbOfHls(hue: f32, lightness: f32, saturation: f32) -> vec3<f32> {
  let l = clamp(lightness, 0.0, 1.0);
  let chroma = clamp(saturation, 0.0, 1.0) * min(l, 1.0 - l);
  let sector = fract(vec3<f32>(0.0, 8.0, 4.0) / 12.0 + hue) * 12.0;
  return l - chroma * clamp(min(sector - 3.0, 9.0 - sector), vec3<f32>(-1.0), vec3<f32>(1.0));
}

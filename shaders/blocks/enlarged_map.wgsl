// Maps of a layer, enlarged bilinearly to the size of the image.
//
// The kernel declares the binding
//   a  [maps.x, maps.y, channels]  the maps
// and `params.maps` and `params.image`, height and width of both, and `params.channels`.

fn mapAt(cell: vec2<u32>, channel: u32) -> f32 {
  return a[(cell.x * params.maps.y + cell.y) * params.channels + channel];
}

// A map's value at a pixel of the image.
fn enlarged(pixel: vec2<u32>, channel: u32) -> f32 {
  let place = (vec2<f32>(pixel) + 0.5) * vec2<f32>(params.maps) / vec2<f32>(params.image) - 0.5;
  let n = neighbours(place, params.maps - 1u);
  let top = mix(mapAt(n.low, channel), mapAt(vec2(n.low.x, n.high.y), channel), n.share.y);
  let bottom = mix(mapAt(vec2(n.high.x, n.low.y), channel), mapAt(n.high, channel), n.share.y);
  return mix(top, bottom, n.share.x);
}

// Layers of an incremental pass: a clean layer, and behind it the pixels of each patch's dirty rectangle, side by side.
//
// A rectangle is its top, left, height << 16 | width, and the number of pixels that stand before its own. The kernel
// declares `params.inSize`, the height and width of the layer that it reads.

// The number of the pixel that a patch sees at a place of the layer: in its dirty rectangle, or in the clean layer.
fn pixelOf(rect: vec4<i32>, at: vec2<i32>) -> i32 {
  let size = vec2<i32>(rect.z >> 16u, rect.z & 0xffff);
  let local = at - rect.xy;
  let dirty = all(local >= vec2<i32>(0)) && all(local < size);
  let own = i32(params.inSize.x * params.inSize.y) + rect.w + local.x * size.y + local.y;
  return select(at.x * i32(params.inSize.y) + at.y, own, dirty);
}

// Row and column of an item of the work list.
fn placeOf(entry: vec2<u32>) -> vec2<i32> {
  return vec2<i32>(vec2<u32>(entry.y >> 16u, entry.y & 0xffffu));
}

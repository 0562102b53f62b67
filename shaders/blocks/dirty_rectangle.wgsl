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

// The dirty rectangles of four patches, one a component, and the pixel before each.
struct FourRectangles {
  top: vec4<i32>,
  left: vec4<i32>,
  height: vec4<i32>,
  width: vec4<i32>,
  begin: vec4<i32>,
}

fn fourRectangles(r0: vec4<i32>, r1: vec4<i32>, r2: vec4<i32>, r3: vec4<i32>) -> FourRectangles {
  let size = vec4<i32>(r0.z, r1.z, r2.z, r3.z);
  return FourRectangles(
    vec4<i32>(r0.x, r1.x, r2.x, r3.x),
    vec4<i32>(r0.y, r1.y, r2.y, r3.y),
    size >> vec4<u32>(16u),
    size & vec4<i32>(0xffff),
    vec4<i32>(r0.w, r1.w, r2.w, r3.w) + i32(params.inSize.x) * i32(params.inSize.y),
  );
}

// The numbers of the pixels that four patches see, as pixelOf.
fn fourPixelsOf(rects: FourRectangles, row: vec4<i32>, column: vec4<i32>) -> vec4<i32> {
  let down = row - rects.top;
  let right = column - rects.left;
  let dirty = (down >= vec4<i32>(0)) & (down < rects.height) & (right >= vec4<i32>(0)) & (right < rects.width);
  return select(row * i32(params.inSize.y) + column, rects.begin + down * rects.width + right, dirty);
}

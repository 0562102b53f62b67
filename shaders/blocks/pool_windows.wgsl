// Sliding windows of a pooling layer.
//
// The kernel declares `params.image` and `params.output`, height and width of input and output; `params.window`,
// `params.strides`, and `params.before`, the padding above and to the left.

// A rectangle: rows and columns from `first` to before `end`.
struct Extent {
  first: vec2<u32>,
  end: vec2<u32>,
}

// The pixels of the image under a window.
fn pixelsUnder(window: vec2<u32>) -> Extent {
  let start = vec2<i32>(window * params.strides) - vec2<i32>(params.before);
  return Extent(
    vec2<u32>(max(start, vec2<i32>(0))),
    min(vec2<u32>(start + vec2<i32>(params.window)), params.image),
  );
}

// The windows that cover a pixel of the image.
fn windowsOver(pixel: vec2<u32>) -> Extent {
  let at = pixel + params.before;
  return Extent(
    select(vec2<u32>(0u), (at - params.window) / params.strides + 1u, at >= params.window),
    min(at / params.strides + 1u, params.output),
  );
}

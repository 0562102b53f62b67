// Sliding windows of a pooling layer.
//
// The kernel declares `params.inSize` and `params.outSize`, height and width of input and output; `params.window`,
// `params.strides` and `params.dilation`; `params.before`, the padding above and to the left, and for `cellsOf`
// `params.after`, that below and to the right.

override DILATED: bool = false; // whether the dilations differ from 1
override COUNT_PADDING: bool = false; // whether a mean counts the padding

// A rectangle: rows and columns from `first` to before `end`.
struct Extent {
  first: vec2<u32>,
  end: vec2<u32>,
}

// Rows and columns from one tap of a window to the next.
fn tapStep() -> vec2<u32> {
  return select(vec2<u32>(1u), params.dilation, DILATED);
}

// Row and column at which a window starts; in the padding they are negative.
fn startOf(window: vec2<u32>) -> vec2<i32> {
  return vec2<i32>(window * params.strides) - vec2<i32>(params.before);
}

// The pixels of the image under a window, from tap to tap.
fn pixelsUnder(window: vec2<u32>) -> Extent {
  let start = startOf(window);
  if (DILATED) {
    let step = vec2<i32>(params.dilation);
    return Extent(
      vec2<u32>(start + max(vec2<i32>(0), (step - 1 - start) / step) * step),
      min(vec2<u32>(start + vec2<i32>(params.window - 1u) * step + 1), params.inSize),
    );
  }
  return Extent(
    vec2<u32>(max(start, vec2<i32>(0))),
    min(vec2<u32>(start + vec2<i32>(params.window)), params.inSize),
  );
}

// The number that a window's mean divides by: its pixels inside of the image, or of the padded image.
fn cellsOf(window: vec2<u32>, under: Extent) -> f32 {
  var cells = under.end - under.first;
  if (COUNT_PADDING) {
    let left = vec2<u32>(vec2<i32>(params.inSize + params.after) - startOf(window));
    cells = min(params.window, (left + tapStep() - 1u) / tapStep());
  } else if (DILATED) {
    cells = (cells + params.dilation - 1u) / params.dilation;
  }
  return f32(cells.x * cells.y);
}

// The windows that cover a pixel of the image; dilated ones may step over it.
fn windowsOver(pixel: vec2<u32>) -> Extent {
  let at = pixel + params.before;
  let extent = (params.window - 1u) * tapStep() + 1u;
  return Extent(
    select(vec2<u32>(0u), (at - extent) / params.strides + 1u, at >= extent),
    min(at / params.strides + 1u, params.outSize),
  );
}

// Whether a window that covers a pixel has a tap there.
fn tapAt(window: vec2<u32>, pixel: vec2<u32>) -> bool {
  return !DILATED || all((pixel + params.before - window * params.strides) % params.dilation == vec2<u32>(0u));
}

// Weighted rows and columns of which a resized image is made; the kernel binds `taps` as resample.wgsl describes them.

// Where the pairs of a row or column begin and end.
fn tapsOf(line: u32) -> vec2<u32> {
  return vec2<u32>(taps[line], taps[line + 1u]);
}

// Sums over neighbouring channels, for local response normalisation.
//
// The kernel declares the binding `x`, and `params.channels`, `params.before` and `params.after`.

// Σ x² over the channels from `before` before to `after` after, of the pixel that begins at `base`.
fn sumOfSquares(base: u32, channel: u32) -> f32 {
  let end = min(channel + params.after + 1u, params.channels);
  var squares = 0.0;
  for (var k = channel - min(channel, params.before); k < end; k++) {
    let value = x[base + k];
    squares += value * value;
  }
  return squares;
}

// Differences of a picture's neighbours. The kernel declares `params.height`, `params.width`, `params.channels` and `x` [N, height, width, channels].

// To the right and down of an element at (row, column); none beyond the border.
fn differences(i: u32, row: u32, column: u32) -> vec2<f32> {
  var found = vec2<f32>();
  if (column + 1u < params.width) {
    found.x = x[i + params.channels] - x[i];
  }
  if (row + 1u < params.height) {
    found.y = x[i + params.width * params.channels] - x[i];
  }
  return found;
}

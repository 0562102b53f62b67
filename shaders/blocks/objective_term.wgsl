// Terms of an objective: what is summed at one layer, and how it is weighed.

// Kinds: 0 sum of the elements that match, 1 softmax over the channels at `channel`, 2 half the sum of squares, 3 sum
// weighed by the mask, 4 sum of sigmoids, 5 sum of sigmoids of minus the elements; 6, 7, 8 the logarithms of 1, 4, 5; 9
// sum of a channel for each image, whose number stands in the masks.
struct Term {
  kind: u32,
  image: u32, // or EVERY (every_index.wgsl), as y, x and channel
  y: u32,
  x: u32,
  channel: u32,
  mask: u32, // where a region's mask, or a list of channels, begins
  weight: f32,
}

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0)));
}

fn logSigmoid(x: f32) -> f32 {
  return min(x, 0.0) - log(1.0 + exp(-abs(x)));
}

// What a convolution does with a finished sum.
//
// The kernel declares `Value`, f32 or vec4<f32>; `BIAS`; for `finish` also `ACCUMULATE`; and the bindings
//   b  [outChannels]  bias, in values; unused where BIAS is false
//   y                 the output, in values

// activation(sum + bias) at a value of the output channels.
fn activated(sum: Value, column: u32) -> Value {
  var z = sum;
  if (BIAS) {
    z += b[column];
  }
  return activate(z);
}

// Writes a finished sum to y[at], or adds it to what is there; backward, through the gradient of the fused activation.
fn finish(at: u32, column: u32, sum: Value, live: bool) {
  if (!live) {
    return;
  }
  var z = throughActivation(activated(sum, column), fusedRule(), at);
  if (ACCUMULATE) {
    z += y[at];
  }
  y[at] = z;
}

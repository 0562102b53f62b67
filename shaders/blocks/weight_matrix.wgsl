// Weights of a convolution as matrices of four input channels by four output channels.
//
// The kernel declares the binding `w`, in chunks of four output channels.

// Weights of four input channels (columns) to four output channels (rows), `stride` apart.
fn weights(first: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(w[first], w[first + stride], w[first + 2u * stride], w[first + 3u * stride]);
}

// One input channel of four pixels times its weights to four output channels.
fn products(weights: vec4<f32>, v: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(weights * v.x, weights * v.y, weights * v.z, weights * v.w);
}

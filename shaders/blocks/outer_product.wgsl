// Outer products of four channels by four.

// sum + b ⊗ a: each column gains one element of a times b.
fn plusOuter(sum: mat4x4<f32>, a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    fma(vec4<f32>(a.x), b, sum[0]),
    fma(vec4<f32>(a.y), b, sum[1]),
    fma(vec4<f32>(a.z), b, sum[2]),
    fma(vec4<f32>(a.w), b, sum[3]),
  );
}

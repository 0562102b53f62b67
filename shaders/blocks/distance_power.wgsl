// The α-th power of a difference, and its slope. The kernel declares `params.alpha`, at least 1.

fn distancePower(d: f32) -> f32 {
  if (params.alpha == 2.0) {
    return d * d;
  }
  return pow(abs(d), params.alpha);
}

fn distanceSlope(d: f32) -> f32 {
  if (params.alpha == 2.0) {
    return 2.0 * d;
  }
  return params.alpha * sign(d) * pow(abs(d), params.alpha - 1.0);
}

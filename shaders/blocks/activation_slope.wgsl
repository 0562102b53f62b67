// Slopes of the activations that other kernels end in, element by element, from their outputs.
//
// The kernel declares `Value`, f32 or vec4<f32>, and `params.alpha` (activation.wgsl).

// The activation whose gradient is taken, numbered as ACTIVATION is (activation.wgsl); 0: none.
override GRADIENT_OF: u32 = 0u;

// The slope of an activation with the output v.
fn slope(v: Value) -> Value {
  let open = select(Value(), Value(1.0), v > Value());
  switch GRADIENT_OF {
    case 1u: { return open; }
    case 2u: { return select(Value(), open, v < Value(6.0)); }
    case 3u: { return select(Value(params.alpha), Value(1.0), v > Value()); }
    case 4u: { return v * (Value(1.0) - v); }
    case 5u: { return Value(1.0) - v * v; }
    case 7u: { return select(v + Value(params.alpha), Value(1.0), v > Value()); }
    case 8u: { return select(v + Value(SELU_FALL), Value(SELU_SLOPE), v > Value()); }
    case 9u: { return select(Value(), params.alpha * open, v < Value(1.0)); }
    case 10u: { return select(Value(), select(Value(), Value(1.0), v > Value(params.alpha)), v < Value(BETA)); }
    case 11u: { return -expMinusOne(-v); }
    default: { return Value(1.0); }
  }
}

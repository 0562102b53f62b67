// Slopes of the activations, element by element.
//
// The kernel declares `Value`, f32 or vec4<f32>, and `params.alpha`, the slope of leaky ReLU below zero.

// The activation whose gradient is taken, numbered as ACTIVATION is (activation.wgsl); 0: none.
override GRADIENT_OF: u32 = 0u;

// The slope of an activation with the output v; for swish, v is the pre-activation.
fn slope(v: Value) -> Value {
  let open = select(Value(), Value(1.0), v > Value());
  switch GRADIENT_OF {
    case 1u: { return open; }
    case 2u: { return select(Value(), open, v < Value(6.0)); }
    case 3u: { return select(Value(params.alpha), Value(1.0), v > Value()); }
    case 4u: { return v * (Value(1.0) - v); }
    case 5u: { return Value(1.0) - v * v; }
    case 6u: {
      let s = Value(1.0) / (Value(1.0) + exp(-v));
      return s * (Value(1.0) + v * (Value(1.0) - s));
    }
    default: { return Value(1.0); }
  }
}

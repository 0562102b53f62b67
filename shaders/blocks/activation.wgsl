// Activations, element by element: forward.
//
// The kernel declares `Value`, f32 or vec4<f32>, and `params.alpha`, the slope of leaky ReLU below zero.

// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh, 6 swish
override ACTIVATION: u32 = 0u;

// y = activation(z)
fn activate(z: Value) -> Value {
  switch ACTIVATION {
    case 1u: { return select(z, Value(), z <= Value()); } // what is NaN stays so
    case 2u: { return select(select(z, Value(6.0), z >= Value(6.0)), Value(), z <= Value()); }
    case 3u: { return select(params.alpha * z, z, z > Value()); }
    case 4u: { return Value(1.0) / (Value(1.0) + exp(-z)); }
    case 5u: { return select(select(tanh(z), Value(1.0), z > Value(20.0)), Value(-1.0), z < Value(-20.0)); } // some drivers overflow beyond
    case 6u: { return z / (Value(1.0) + exp(-z)); }
    default: { return z; }
  }
}

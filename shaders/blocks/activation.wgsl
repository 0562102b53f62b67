// Activations that other kernels end in, element by element: forward.
//
// The kernel declares `Value`, f32 or vec4<f32>, and `params.alpha`: the slope of leaky ReLU below zero, what ELU comes down
// to, the slope of hard sigmoid, the smallest value of clip.

// Codes of src/layers/activation-kinds.ts.
override ACTIVATION: u32 = 0u;

// y = activation(z)
fn activate(z: Value) -> Value {
  switch ACTIVATION {
    case 1u: { return select(z, Value(), z <= Value()); } // what is NaN stays so
    case 2u: { return select(select(z, Value(6.0), z >= Value(6.0)), Value(), z <= Value()); }
    case 3u: { return select(params.alpha * z, z, z > Value()); }
    case 4u: { return Value(1.0) / (Value(1.0) + exp(-z)); }
    case 5u: { return select(select(tanh(z), Value(1.0), z > Value(20.0)), Value(-1.0), z < Value(-20.0)); } // some drivers overflow beyond
    case 7u: { return select(params.alpha * expMinusOne(z), z, z > Value()); } // ELU
    case 8u: { return select(SELU_FALL * expMinusOne(z), SELU_SLOPE * z, z > Value()); }
    case 9u: { // hard sigmoid
      let line = params.alpha * z + BETA;
      return select(select(line, Value(1.0), line >= Value(1.0)), Value(), line <= Value());
    }
    case 10u: { return select(select(z, Value(params.alpha), z <= Value(params.alpha)), Value(BETA), z >= Value(BETA)); } // clip
    case 11u: { return softplus(z); }
    default: { return z; }
  }
}

const SELU_SLOPE = 1.0507009873554805; // Klambauer et al. 2017
const SELU_FALL = 1.7580993408473766;

// exp(z) − 1, also near zero, where the difference would be rounding.
fn expMinusOne(z: Value) -> Value {
  let last = Value(1.0) + z / 6.0 * (Value(1.0) + z / 7.0);
  let near = z * (Value(1.0) + z / 2.0 * (Value(1.0) + z / 3.0 * (Value(1.0) + z / 4.0 * (Value(1.0) + z / 5.0 * last))));
  return select(exp(z) - Value(1.0), near, abs(z) < Value(0.4));
}

// log(1 + v) of 0 to 1, also near zero.
fn logOfOnePlus(v: Value) -> Value {
  let near = v * (Value(1.0) - v * (Value(0.5) - v * (Value(1.0 / 3.0) - v * (Value(0.25) - v * 0.2))));
  return select(log(Value(1.0) + v), near, v < Value(0.05));
}

// log(1 + exp(z)), which no z overflows.
fn softplus(z: Value) -> Value {
  return max(z, Value()) + logOfOnePlus(exp(-abs(z)));
}

// All activations, element by element: those that stay layers of their own, since their slope does not follow from their
// output, and those of activation.wgsl.
//
// The kernel declares what activation.wgsl asks for; `params.alpha` is also what CELU comes down to, the threshold of
// thresholded ReLU, and the slope of general ReLU below its threshold.

// y = activation(z)
fn activateApart(z: Value) -> Value {
  switch ACTIVATION {
    case 6u: { return z / (Value(1.0) + exp(-z)); } // swish
    case 12u: { return z * normal(z); } // GELU
    case 13u: { return 0.5 * z * (Value(1.0) + geluTanh(z)); }
    case 14u: { return z * mishTanh(z); }
    case 15u: { return z * clamp(z / 6.0 + Value(0.5), Value(), Value(1.0)); } // hard swish
    case 16u: { return z / (Value(1.0) + abs(z)); } // softsign
    case 17u: { return select(params.alpha * expMinusOne(z / params.alpha), z, z > Value()); } // CELU
    case 18u: { return select(Value(), z, z > Value(params.alpha)); } // thresholded ReLU
    case 19u: { // general ReLU
      let risen = select(params.alpha * (z - Value(BETA)), z, z >= Value(BETA));
      return select(risen, Value(GAMMA), z >= Value(GAMMA));
    }
    case 20u: { return exp(z); }
    case 21u: { return log(z); }
    case 22u: { return sqrt(z); }
    case 23u: { return z * z; }
    case 24u: { return abs(z); }
    case 25u: { return -z; }
    case 26u: { return Value(1.0) / z; }
    case 27u: { return errorFunction(z); }
    case 28u: { return -softplus(-z); } // log of sigmoid
    case 29u: { return sin(z); }
    case 30u: { return cos(z); }
    case 31u: { return floor(z); }
    case 32u: { return ceil(z); }
    case 33u: { return round(z); }
    case 34u: { return sign(z); }
    default: { return activate(z); }
  }
}

// The slope of an activation at v: the pre-activation where it is one of this file, else the output.
fn slopeApart(v: Value) -> Value {
  let sigmoid = Value(1.0) / (Value(1.0) + exp(-v));
  // Far from zero the curves are straight.
  let near = clamp(v, Value(-20.0), Value(20.0));
  switch GRADIENT_OF {
    case 6u: { return sigmoid * (Value(1.0) + v * (Value(1.0) - sigmoid)); }
    case 12u: { return normal(v) + near * 0.3989422804 * exp(-0.5 * near * near); }
    case 13u: {
      let t = geluTanh(v);
      let inner = 0.7978845608 * (Value(1.0) + 0.134145 * near * near);
      return 0.5 * (Value(1.0) + t) + 0.5 * near * (Value(1.0) - t * t) * inner;
    }
    case 14u: {
      let n = mishTerm(v);
      let rest = 4.0 * (n + Value(1.0)) / ((n + Value(2.0)) * (n + Value(2.0))); // 1 − tanh²
      return mishTanh(v) + near * rest * sigmoid;
    }
    case 15u: { return select(select(v / 3.0 + Value(0.5), Value(1.0), v >= Value(3.0)), Value(), v <= Value(-3.0)); }
    case 16u: {
      let over = Value(1.0) / (Value(1.0) + abs(v));
      return over * over;
    }
    case 17u: { return select(exp(v / params.alpha), Value(1.0), v > Value()); }
    case 18u: { return select(Value(), Value(1.0), v > Value(params.alpha)); }
    case 19u: {
      let risen = select(Value(params.alpha), Value(1.0), v >= Value(BETA));
      return select(risen, Value(), v >= Value(GAMMA));
    }
    case 20u: { return exp(v); }
    case 21u: { return Value(1.0) / v; }
    case 22u: { return Value(0.5) / sqrt(v); }
    case 23u: { return 2.0 * v; }
    case 24u: { return sign(v); }
    case 25u: { return Value(-1.0); }
    case 26u: { return Value(-1.0) / (v * v); }
    case 27u: { return 1.1283791671 * exp(-near * near); }
    case 28u: { return Value(1.0) / (Value(1.0) + exp(v)); }
    case 29u: { return cos(v); }
    case 30u: { return -sin(v); }
    case 31u, 32u, 33u, 34u: { return Value(); } // steps
    default: { return slope(v); }
  }
}

// Where the polynomial of erf ends, and its complement is taken.
const ERROR_CORE = 0.927734375;

// erf(z) near zero, to a unit in the last place (N. Juffa's coefficients).
fn errorCore(z: Value) -> Value {
  let s = z * z;
  var r = Value(-5.96761703e-4);
  r = r * s + Value(4.99119423e-3);
  r = r * s + Value(-2.67681349e-2);
  r = r * s + Value(1.12819925e-1);
  r = r * s + Value(-3.76125336e-1);
  r = r * s + Value(1.28379166e-1);
  return r * z + z;
}

// 1 − erf(z) for z of ERROR_CORE and more, at most 1.2e-7 of itself beside rounding (Press et al. 1992, section 6.2).
fn errorTail(z: Value) -> Value {
  let v = min(z, Value(10.0));
  let t = Value(1.0) / (Value(1.0) + 0.5 * v);
  var r = Value(-0.82215223) + t * 0.17087277;
  r = Value(1.48851587) + t * r;
  r = Value(-1.13520398) + t * r;
  r = Value(0.27886807) + t * r;
  r = Value(-0.18628806) + t * r;
  r = Value(0.09678418) + t * r;
  r = Value(0.37409196) + t * r;
  r = Value(1.00002368) + t * r;
  return t * exp(t * r - Value(1.26551223) - v * v);
}

// erf(z)
fn errorFunction(z: Value) -> Value {
  let size = abs(z);
  return select(errorCore(z), sign(z) * (Value(1.0) - errorTail(size)), size > Value(ERROR_CORE));
}

// The share of a normal distribution below z.
fn normal(z: Value) -> Value {
  let t = abs(z) * 0.7071067812;
  let beyond = 0.5 * select(Value(1.0) - errorCore(t), errorTail(t), t > Value(ERROR_CORE));
  return select(beyond, Value(1.0) - beyond, z > Value());
}

// The tanh in the GELU of Hendrycks & Gimpel 2016, section 2.
fn geluTanh(z: Value) -> Value {
  let near = clamp(z, Value(-20.0), Value(20.0));
  return tanh(clamp(0.7978845608 * (near + 0.044715 * near * near * near), Value(-20.0), Value(20.0)));
}

// n of tanh(log(1 + exp(z))) = n / (n + 2)
fn mishTerm(z: Value) -> Value {
  let e = exp(min(z, Value(15.0)));
  return e * (e + Value(2.0));
}

fn mishTanh(z: Value) -> Value {
  let n = mishTerm(z);
  return n / (n + Value(2.0));
}

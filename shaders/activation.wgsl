// y = activation(x), element by element.
//
//   x  [size]  pre-activation
//   y  [size]  activation
//
// One workgroup computes 256 values of four elements each, or of one where the size is no multiple of four.

struct Params {
  size: u32,  // values
  alpha: f32, // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

alias Value = vec4<f32>; // or f32

// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh, 6 swish
override ACTIVATION: u32 = 0u;

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

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < params.size) {
    y[i] = activate(x[i]);
  }
}

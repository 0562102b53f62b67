// How a gradient passes an activation: dx = rule(dy, activation), element by element.
//
//   rules    [slots]   codes of backward rules, of which params.slot is this activation's
//   blocked  [images]  1 where the rule "gradient" lets nothing of an image pass (activation_blocked.wgsl); read by
//                      the rule "redirected" alone
//   a        [size]    the activation y; for swish the pre-activation
//   dy       [size]    signal from above
//   dx       [size]    signal to the layer below
//
// The rules, at every ReLU of z: gradient dy·1[z>0] (Simonyan 2013), guided dy·1[z>0]·1[dy>0] (Springenberg 2014),
// deconvnet dy·1[dy>0] (Zeiler & Fergus 2013), redirected (Lucid, 2018): the gradient, unless it is zero in all of an
// image; there dy·1[z>0 or dy>0], which opens closed units that a rise of z would serve. For ReLU6 1[z>0] is 1[0<z<6],
// and redirected also lets a negative signal pass where z ≥ 6. "Pass" leaves the signal as it is.
// One workgroup computes 256 values of four elements each, or of one where an image's number is no multiple of four.

struct Params {
  size: u32,       // values
  image: u32,      // values of an image
  slot: u32,
  accumulate: u32, // 1: add to dx
  alpha: f32,      // slope of leaky ReLU below zero
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rules: array<u32>; // 0 gradient, 1 guided, 2 deconvnet, 3 redirected, 4 pass
@group(0) @binding(2) var<storage, read> blocked: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<Value>;
@group(0) @binding(4) var<storage, read> dy: array<Value>;
@group(0) @binding(5) var<storage, read_write> dx: array<Value>;

alias Value = vec4<f32>; // or f32

// 0 linear, 1 relu, 2 relu6, 3 leaky relu, 4 sigmoid, 5 tanh, 6 swish
override ACTIVATION: u32 = 0u;

fn slope(v: Value) -> Value {
  let open = select(Value(), Value(1.0), v > Value());
  switch ACTIVATION {
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

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let rule = rules[params.slot];
  var signal = dy[i];
  if (rule == 1u || rule == 2u) {
    signal = max(signal, Value());
  }
  if (rule != 2u && rule != 4u) {
    let v = a[i];
    let open = slope(v);
    // All units of a blocked image are closed, or have no signal.
    if (rule == 3u && blocked[i / params.image] == 1u) {
      signal = select(max(signal, Value()), min(signal, Value()), v > Value());
    } else {
      signal *= open;
    }
  }
  if (params.accumulate == 1u) {
    signal += dx[i];
  }
  dx[i] = signal;
}

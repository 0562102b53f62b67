// Gradient of an activation, by a backward rule (blocks/backward_rule.wgsl): dx = rule(dy, activation), element by
// element.
//
//   rules         [slots]   codes of backward rules, of which params.slot is this activation's
//   zeroGradient  [images]  1 where the gradient of an image is zero at every element once it has passed the activation
//                           (zero_gradient_mask.wgsl); read by the rule redirected alone
//   a             [size]    the activation's output, or the pre-activation (blocks/activation_apart.wgsl)
//   dy            [size]    gradient to the output
//   dx            [size]    gradient to the input
//
// One workgroup computes 256 values of four elements each, or of one where an image's number is no multiple of four.

struct Params {
  size: u32,       // values
  image: u32,      // values of an image
  slot: u32,
  accumulate: u32, // 1: add to dx
  alpha: f32,      // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rules: array<u32>;
@group(0) @binding(2) var<storage, read> zeroGradient: array<u32>;
@group(0) @binding(3) var<storage, read> a: array<Value>;
@group(0) @binding(4) var<storage, read> dy: array<Value>;
@group(0) @binding(5) var<storage, read_write> dx: array<Value>;

alias Value = vec4<f32>; // or f32

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
  var gradient = admitted(dy[i], rule);
  if (rule != DECONVNET && rule != PASS) {
    let v = a[i];
    let open = slopeApart(v);
    // All units of such an image are closed, or have no gradient.
    if (rule == REDIRECTED && zeroGradient[i / params.image] == 1u) {
      gradient = select(max(gradient, Value()), min(gradient, Value()), v > Value());
    } else {
      gradient *= open;
    }
  }
  if (params.accumulate == 1u) {
    gradient += dx[i];
  }
  dx[i] = gradient;
}

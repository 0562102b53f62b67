// The gradient of an activation, fused behind a kernel that computes the gradient to its output.
//
// The kernel declares `Value`, f32 or vec4<f32>, the bindings
//   a      [values]  the activation's output; unused where GRADIENT_OF is 0
//   rules  [slots]   codes of backward rules (backward_rule.wgsl), of which params.slot is this activation's; unused likewise
// and `params.alpha`. The rule redirected is never fused: it needs to know all of an image first.

// The rule that is fused; "pass" where there is none.
fn fusedRule() -> u32 {
  return select(PASS, rules[params.slot], GRADIENT_OF != 0u);
}

// The gradient to what a[at] is the activation of, from the gradient to a[at].
fn throughActivation(gradient: Value, rule: u32, at: u32) -> Value {
  var passed = admitted(gradient, rule);
  if (rule == GRADIENT || rule == GUIDED) {
    passed *= slope(a[at]);
  }
  return passed;
}

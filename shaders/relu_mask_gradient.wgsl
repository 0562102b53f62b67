// Gradient of a ReLU of which one bit an element was kept, by a backward rule (blocks/backward_rule.wgsl):
// dx = rule(dy, mask).
//
//   rules  [slots]      codes of backward rules, of which params.slot counts; redirected is as gradient here
//   mask   [size / 32]  bit i % 32 of word i / 32: whether x > 0
//   dy     [size]       gradient to the output
//   dx     [size]       gradient to the input
//
// One workgroup computes 256 values of four elements each, or of one where the size is no multiple of four.

struct Params {
  size: u32, // values
  slot: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rules: array<u32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<Value>;
@group(0) @binding(4) var<storage, read_write> dx: array<Value>;

alias Value = vec4<f32>; // or f32, with WIDTH = 1
alias Bits = vec4<u32>;  // or u32
const WIDTH = 4u;
const EACH = vec4<u32>(1u, 2u, 4u, 8u); // or 1u: the bit of each element

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
    let values = 32u / WIDTH;
    let bits = mask[i / values] >> ((i % values) * WIDTH);
    gradient = select(Value(), gradient, (Bits(bits) & EACH) != Bits());
  }
  dx[i] = gradient;
}

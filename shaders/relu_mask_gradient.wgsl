// A signal's way back through a ReLU of which a bit an element is known: dx = rule(dy, mask); see activation_gradient.wgsl.
//
//   rules  [slots]      codes of backward rules, of which params.slot counts; 3, redirected, is as 0 here
//   mask   [size / 32]  bit i % 32 of word i / 32: whether x > 0
//   dy     [size]       signal from above
//   dx     [size]       signal to the layer below
//
// One workgroup computes 256 values of four elements each, or of one where the size is no multiple of four.

struct Params {
  size: u32, // values
  slot: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rules: array<u32>; // 0 gradient, 1 guided, 2 deconvnet, 4 pass
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
  var signal = dy[i];
  if (rule == 1u || rule == 2u) {
    signal = max(signal, Value());
  }
  if (rule != 2u && rule != 4u) {
    let values = 32u / WIDTH;
    let bits = mask[i / values] >> ((i % values) * WIDTH);
    signal = select(Value(), signal, (Bits(bits) & EACH) != Bits());
  }
  dx[i] = signal;
}

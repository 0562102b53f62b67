// Gradient of a sliding mean: dx = Σ dy / pixels that count, over the windows that cover a pixel.
//
//   dy  [N, outSize, channels]
//   a   [N, inSize, channels]   the activation whose gradient dx is; unused where GRADIENT_OF is 0
//   rules  [slots]             codes of backward rules (blocks/backward_rule.wgsl); unused likewise
//   dx  [N, inSize, channels]   the gradient to the input, or to what that is the activation of
//
// Gathers, so it needs no atomics. One workgroup computes 256 consecutive values of dx: four channels, where their
// number allows.

struct Params {
  inSize: vec2<u32>,  // height, width of x
  outSize: vec2<u32>, // height, width of y
  window: vec2<u32>,
  strides: vec2<u32>,
  dilation: vec2<u32>,
  before: vec2<u32>,  // padding above and to the left
  after: vec2<u32>,   // padding below and to the right
  channels: u32,      // values of a pixel
  size: u32,          // values of dx
  accumulate: u32,    // 1: add to dx
  slot: u32,          // which of the rules counts
  alpha: f32,         // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> a: array<Value>;
@group(0) @binding(3) var<storage, read> rules: array<u32>;
@group(0) @binding(4) var<storage, read_write> dx: array<Value>;

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
  let channel = i % params.channels;
  let pixel = i / params.channels;
  let row = pixel / params.inSize.y;
  let image = row / params.inSize.x;
  let here = vec2<u32>(row % params.inSize.x, pixel % params.inSize.y);

  let windows = windowsOver(here);
  var sum = Value();
  for (var v = windows.first.x; v < windows.end.x; v++) {
    for (var u = windows.first.y; u < windows.end.y; u++) {
      let o = ((image * params.outSize.x + v) * params.outSize.y + u) * params.channels + channel;
      let window = vec2<u32>(v, u);
      if (tapAt(window, here)) {
        sum += dy[o] / cellsOf(window, pixelsUnder(window));
      }
    }
  }
  sum = throughActivation(sum, fusedRule(), i);
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

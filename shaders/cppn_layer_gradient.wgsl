// Takes the gradient to a layer's sums back to the sums of the layer before it, of pattern-producing networks; see cppn_layer.wgsl.
//
//   x           [N, H·W, HIDDEN]   sums of the layer before
//   parameters  [N, P]             this layer's weights [2·HIDDEN, outputs] from `offset`
//   dz          [N, H·W, outputs]
//   dx          [N, H·W, HIDDEN]
//
// One workgroup computes 64 consecutive pixels of an image: dispatch (ceil(H · W / 64), N).

struct Params {
  pixels: u32,     // H · W
  parameters: u32, // P
  offset: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
@group(0) @binding(3) var<storage, read> dz: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

const HIDDEN = 24u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let pixel = group.x * 64u + thread;
  if (pixel >= params.pixels) {
    return;
  }
  let at = group.y * params.pixels + pixel;
  let w = group.y * params.parameters + params.offset;
  for (var k = 0u; k < HIDDEN; k++) {
    var da = vec2<f32>();
    for (var m = 0u; m < params.outputs; m++) {
      let back = dz[at * params.outputs + m];
      let own = w + k * params.outputs + m;
      da += back * vec2<f32>(parameters[own], parameters[own + HIDDEN * params.outputs]);
    }
    dx[at * HIDDEN + k] = dot(da, compositeSlope(x[at * HIDDEN + k]));
  }
}

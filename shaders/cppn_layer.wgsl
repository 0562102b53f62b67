// A layer of pattern-producing networks, one network an image: z = b + Σ a·w at every pixel, a the pixel's two coordinates (FIRST) or
// the layer before it, composite by composite.
//
//   x           [N, H·W, HIDDEN]  sums of the layer before; FIRST: not read
//   parameters  [N, P]            this layer's weights [inputs, outputs] from `offset`, then its biases [outputs]
//   z           [N, H·W, outputs]
//
// Inputs are x and y (FIRST), or atan/0.67 of every sum and then atan²/0.6 of every sum. One workgroup computes 64 consecutive pixels of
// an image: dispatch (ceil(H · W / 64), N). Source: Lucid (tensorflow/lucid, optvis/param/cppn.py).

struct Params {
  size: vec2<u32>, // H, W
  parameters: u32, // P
  offset: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;

override FIRST: bool = false;

const HIDDEN = 24u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let pixel = group.x * 64u + thread;
  let pixels = params.size.x * params.size.y;
  if (pixel >= pixels) {
    return;
  }
  var a: array<f32, 2u * HIDDEN>;
  var inputs = 2u;
  if (FIRST) {
    a[0] = coordinate(pixel % params.size.y, params.size.y);
    a[1] = coordinate(pixel / params.size.y, params.size.x);
  } else {
    inputs = 2u * HIDDEN;
    let first = (group.y * pixels + pixel) * HIDDEN;
    for (var k = 0u; k < HIDDEN; k++) {
      let both = composite(x[first + k]);
      a[k] = both.x;
      a[HIDDEN + k] = both.y;
    }
  }
  let w = group.y * params.parameters + params.offset;
  let first = (group.y * pixels + pixel) * params.outputs;
  for (var m = 0u; m < params.outputs; m++) {
    var sum = parameters[w + inputs * params.outputs + m];
    for (var k = 0u; k < inputs; k++) {
      sum += a[k] * parameters[w + k * params.outputs + m];
    }
    z[first + m] = sum;
  }
}

// Gradients to a layer's weights and biases, of pattern-producing networks: sums over the pixels of a·dz, and of dz; see cppn_layer.wgsl.
//
//   x         [N, H·W, HIDDEN]   sums of the layer before; FIRST: not read
//   dz        [N, H·W, OUTPUTS]
//   gradient  [N, P]             this layer's weights [inputs, OUTPUTS] from `offset`, then its biases [OUTPUTS]
//
// One workgroup computes the weights of one input, or the biases (the last): dispatch (inputs + 1, N). Each thread adds every 64th
// pixel, then the threads' sums are added in order: the same in every run.

struct Params {
  size: vec2<u32>, // H, W
  parameters: u32, // P
  offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

override FIRST: bool = false;

const THREADS = 64u;
const HIDDEN = 24u;
const OUTPUTS = 24u;

var<workgroup> parts: array<f32, THREADS * OUTPUTS>;

// An input of the layer at a pixel; that of the biases is 1.
fn inputOf(image: u32, pixel: u32, k: u32) -> f32 {
  if (FIRST) {
    let places = vec2<u32>(pixel % params.size.y, pixel / params.size.y);
    return select(select(1.0, coordinate(places.y, params.size.x), k == 1u), coordinate(places.x, params.size.y), k == 0u);
  }
  if (k == 2u * HIDDEN) {
    return 1.0;
  }
  let both = composite(x[(image * params.size.x * params.size.y + pixel) * HIDDEN + k % HIDDEN]);
  return select(both.x, both.y, k >= HIDDEN);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let pixels = params.size.x * params.size.y;
  var sums: array<f32, OUTPUTS>;
  for (var pixel = thread; pixel < pixels; pixel += THREADS) {
    let a = inputOf(group.y, pixel, group.x);
    for (var m = 0u; m < OUTPUTS; m++) {
      sums[m] += a * dz[(group.y * pixels + pixel) * OUTPUTS + m];
    }
  }
  for (var m = 0u; m < OUTPUTS; m++) {
    parts[m * THREADS + thread] = sums[m];
  }
  workgroupBarrier();
  for (var m = thread; m < OUTPUTS; m += THREADS) {
    var sum = 0.0;
    for (var t = 0u; t < THREADS; t++) {
      sum += parts[m * THREADS + t];
    }
    gradient[group.y * params.parameters + params.offset + group.x * OUTPUTS + m] = sum;
  }
}

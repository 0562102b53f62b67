// Grad-CAM's map of one image: y = relu(Σ_k α_k a_k), α_k the mean of g_k over all pixels (Selvaraju 2017, eq. 1 and
// 2).
//
//   a  [1, H, W, C]  activations of a layer
//   g  [1, H, W, C]  gradient of the objective to them
//   y  [H, W]        the map, at the layer's resolution
//
// One workgroup computes the whole map, 256 channels' weights at a time; maps are small, and the order of every sum is
// fixed.

struct Params {
  pixels: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const THREADS = 256u;

var<workgroup> alpha: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  for (var first = 0u; first < params.channels; first += THREADS) {
    let channel = first + thread;
    var sum = 0.0;
    if (channel < params.channels) {
      for (var pixel = 0u; pixel < params.pixels; pixel++) {
        sum += g[pixel * params.channels + channel];
      }
    }
    workgroupBarrier();
    alpha[thread] = sum / f32(params.pixels);
    workgroupBarrier();
    let count = min(THREADS, params.channels - first);
    let last = first + THREADS >= params.channels;
    for (var pixel = thread; pixel < params.pixels; pixel += THREADS) {
      var value = 0.0;
      for (var k = 0u; k < count; k++) {
        value += alpha[k] * a[pixel * params.channels + first + k];
      }
      if (first > 0u) {
        value += y[pixel];
      }
      y[pixel] = select(value, max(value, 0.0), last);
    }
  }
}

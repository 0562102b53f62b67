// Sibling of conv2d.wgsl for the forward pass that also gathers statistics of each channel of y while it is at hand.
// Two-dimensional convolution as an implicit matrix product of pixels by weights, with partial statistics of its
// output: y[n, r, c, :] = activation(b + Σ over taps and channels of x[n, row, column, :] · w[tap, :, :]), zero outside
// of x.
//
//   x  [batch, inHeight, inWidth, inChannels]
//   w  [blocks, kernel rows · columns · inChannels, BLOCK]  weights, in blocks of output channels, zero-padded
//   b  [outChannels]                                        bias; unused where BIAS is false
//   y  [batch, outHeight, outWidth, outChannels]
//   partial  [strips, 6, outChannels]  base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros of each
//                                      strip of pixels, one a workgroup; see statistics_merge.wgsl
//
// Row r of y reads rows r · scale + k · dilation + offset of x. Each strip is gone through twice, in workgroup memory,
// so that a mean far from zero costs no accuracy.
// One workgroup computes LANES · PIXELS pixels, a strip, by CHANNEL_LANES · COLUMNS chunks of output channels; one
// thread keeps PIXELS by COLUMNS of them in registers. Channels go in chunks of four where their number allows.

struct Params {
  inSize: vec2<u32>,   // height, width
  outSize: vec2<u32>,
  kernel: vec2<u32>,
  scale: vec2<i32>,
  dilation: vec2<i32>,
  offset: vec2<i32>,
  batch: u32,
  inChunks: u32,       // chunks of a pixel of x
  outChunks: u32,
  tiles: u32,          // workgroups side by side over the output channels
  rows: u32,           // pixels of y that count for the statistics
  alpha: f32,          // of the activation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In>;
@group(0) @binding(2) var<storage, read> w: array<Out>;
@group(0) @binding(3) var<storage, read> b: array<Out>;
@group(0) @binding(4) var<storage, read_write> y: array<Out>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

alias In = vec4<f32>; // or f32, with IN = 1
const IN = 4u;
alias Out = vec4<f32>; // or f32, with OUT = 1
const OUT = 4u;
alias Value = Out; // of the shared blocks
const LANES = 8u;
const CHANNEL_LANES = 8u;
const PIXELS = 2u;
const COLUMNS = 4u;
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16
const WIDTH = CHANNEL_LANES * OUT; // output channels side by side in workgroup memory
const THREADS = LANES * CHANNEL_LANES;

override BIAS: bool = true;

@compute @workgroup_size(LANES, CHANNEL_LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let area = params.outSize.x * params.outSize.y;
  let first = (id / params.tiles) * LANES * PIXELS + thread.x;

  var image: array<i32, PIXELS>;
  var corner: array<vec2<i32>, PIXELS>;
  var place: array<u32, PIXELS>; // chunk at which the pixel of y begins
  var live: array<bool, PIXELS>;
  for (var p = 0u; p < PIXELS; p++) {
    let pixel = first + p * LANES;
    let n = pixel / area;
    let q = vec2<u32>((pixel % area) / params.outSize.y, pixel % params.outSize.y);
    image[p] = i32(n);
    corner[p] = vec2<i32>(q) * params.scale;
    place[p] = pixel * params.outChunks;
    live[p] = n < params.batch;
  }

  // Chunks of w that this thread reads: COLUMNS of them, CHANNEL_LANES apart, every BLOCK / OUT.
  let stride = BLOCK / OUT;
  let depth = params.kernel.x * params.kernel.y * params.inChunks * IN;
  let lane = select(thread.y, 0u, CHANNEL_LANES == 1u);
  var column: array<u32, COLUMNS>; // of the output
  var weight: array<u32, COLUMNS>; // of w
  var acc: array<array<Out, COLUMNS>, PIXELS>;
  for (var j = 0u; j < COLUMNS; j++) {
    column[j] = (tile * COLUMNS + j) * CHANNEL_LANES + lane;
    weight[j] = (column[j] / stride) * depth * stride + column[j] % stride;
  }

  var row = 0u; // of w
  for (var ky = 0; ky < i32(params.kernel.x); ky++) {
    for (var kx = 0; kx < i32(params.kernel.y); kx++) {
      let tap = vec2<i32>(ky, kx) * params.dilation + params.offset;
      var inside: array<bool, PIXELS>;
      var source: array<u32, PIXELS>;
      for (var p = 0u; p < PIXELS; p++) {
        let at = corner[p] + tap;
        inside[p] = live[p] && all(at >= vec2<i32>(0)) && all(at < vec2<i32>(params.inSize));
        let start = (image[p] * i32(params.inSize.x) + at.x) * i32(params.inSize.y) + at.y;
        source[p] = select(0u, u32(start) * params.inChunks, inside[p]);
      }
      for (var chunk = 0u; chunk < params.inChunks; chunk++) {
        var v: array<vec4<f32>, PIXELS>;
        for (var p = 0u; p < PIXELS; p++) {
          v[p] = select(vec4<f32>(), vec4<f32>(x[source[p] + chunk]), inside[p]);
        }
        for (var k = 0u; k < IN; k++) {
          for (var j = 0u; j < COLUMNS; j++) {
            let weights = w[weight[j] + row * stride];
            for (var p = 0u; p < PIXELS; p++) {
              acc[p][j] = fma(Out(v[p][k]), weights, acc[p][j]);
            }
          }
          row += 1u;
        }
      }
    }
  }

  let strip = id / params.tiles;
  let count = min(LANES * PIXELS, max(params.rows, strip * LANES * PIXELS) - strip * LANES * PIXELS);
  for (var j = 0u; j < COLUMNS; j++) {
    let there = column[j] < params.outChunks;
    var bias = Out();
    if (BIAS && there) {
      bias = b[column[j]];
    }
    workgroupBarrier();
    for (var p = 0u; p < PIXELS; p++) {
      let z = activate(acc[p][j] + bias);
      if (live[p] && there) {
        y[place[p] + column[j]] = z;
      }
      let each = vec4<f32>(z);
      for (var i = 0u; i < OUT; i++) {
        stripValues[((thread.x + p * LANES) * CHANNEL_LANES + lane) * OUT + i] = each[i];
      }
    }
    workgroupBarrier();
    summarise(index, strip, (tile * COLUMNS + j) * CHANNEL_LANES * OUT, count);
  }
}

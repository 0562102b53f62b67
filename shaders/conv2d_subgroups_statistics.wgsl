enable subgroups;

// Sibling of conv2d_statistics.wgsl with the same bindings: the lanes of a subgroup (8 at least) read weights together,
// each a part, and hand them round, as in conv2d_subgroups.wgsl.
// Two-dimensional convolution as an implicit matrix product of pixels by weights, with partial statistics of its output:
// y[n, r, c, :] = activation(b + Σ over taps and channels of x[n, row, column, :] · w[tap, :, :]), zero outside of x.
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
// One workgroup computes LANES · PIXELS pixels, a strip, by one block of output channels; one thread keeps the whole
// block for PIXELS pixels in registers. Channels go in chunks of four where their number allows.

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
const LANES = 8u; // a multiple of the subgroup's
const PIXELS = 4u;
const BLOCK = 16u; // output channels in a block of w: 4, 8 or 16
const WIDTH = BLOCK; // output channels side by side in workgroup memory
const THREADS = LANES;
const COLUMNS = BLOCK / OUT;
const SHARES = (IN * COLUMNS + 7u) / 8u; // chunks of w that a lane reads for one chunk of x

override BIAS: bool = true;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let id = group.x + group.y * groups.x;
  let tile = id % params.tiles;
  let area = params.outSize.x * params.outSize.y;
  let first = (id / params.tiles) * LANES * PIXELS + thread;

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

  var acc: array<array<Out, COLUMNS>, PIXELS>;
  var weight = tile * params.kernel.x * params.kernel.y * params.inChunks * IN * COLUMNS; // chunk of w
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
        var share: array<Out, SHARES>;
        for (var i = 0u; i < SHARES; i++) {
          share[i] = w[weight + 8u * i + lane % 8u];
        }
        for (var k = 0u; k < IN; k++) {
          for (var j = 0u; j < COLUMNS; j++) {
            let item = k * COLUMNS + j;
            let weights = subgroupShuffle(share[item / 8u], item % 8u);
            for (var p = 0u; p < PIXELS; p++) {
              acc[p][j] = fma(Out(v[p][k]), weights, acc[p][j]);
            }
          }
        }
        weight += IN * COLUMNS;
      }
    }
  }

  let strip = id / params.tiles;
  let count = min(LANES * PIXELS, max(params.rows, strip * LANES * PIXELS) - strip * LANES * PIXELS);
  for (var j = 0u; j < COLUMNS; j++) {
    let column = tile * COLUMNS + j;
    let there = column < params.outChunks;
    var bias = Out();
    if (BIAS && there) {
      bias = b[column];
    }
    for (var p = 0u; p < PIXELS; p++) {
      let z = activate(acc[p][j] + bias);
      if (live[p] && there) {
        y[place[p] + column] = z;
      }
      let each = vec4<f32>(z);
      for (var i = 0u; i < OUT; i++) {
        stripValues[(thread + p * LANES) * WIDTH + j * OUT + i] = each[i];
      }
    }
  }
  workgroupBarrier();
  summarise(thread, strip, tile * BLOCK, count);
}

// y = x at other rows and columns, each a weighted sum of some of x: y[r, c] = Σ Σ vertical·horizontal·x[row, column].
//
//   x     [N, image, channels]
//   taps  [rows + 1], [columns + 1], then pairs  for each row and column of y, where its pairs begin (the next one says where
//                                   they end); a pair is a row or column of x and its weight, the bits of an f32
//   y     [N, output, channels]
//
// With the taps turned around, the gradient of resizing. Gathers, so it needs no atomics.
// One workgroup computes 256 consecutive chunks of y: four channels side by side, or one.

struct Params {
  image: vec2<u32>,  // height, width of x
  output: vec2<u32>, // height, width of y
  channels: u32,     // chunks of a pixel
  size: u32,         // chunks of y
  accumulate: u32,   // 1: add to y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Chunk>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Chunk>;

alias Chunk = vec4<f32>; // or f32

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
  let line = pixel / params.output.y;
  let base = line / params.output.x * params.image.x;
  let rows = tapsOf(line % params.output.x);
  let columns = tapsOf(params.output.x + 1u + pixel % params.output.y);
  var sum = Chunk();
  for (var v = rows.x; v < rows.y; v += 2u) {
    let row = (base + taps[v]) * params.image.y;
    let vertical = bitcast<f32>(taps[v + 1u]);
    for (var u = columns.x; u < columns.y; u += 2u) {
      let weight = vertical * bitcast<f32>(taps[u + 1u]);
      sum += weight * x[(row + taps[u]) * params.channels + channel];
    }
  }
  if (params.accumulate == 1u) {
    sum += y[i];
  }
  y[i] = sum;
}

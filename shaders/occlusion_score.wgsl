// Reads off the objective of each image of a batch and moves the sweep on to the next batch.
//
//   a       [N, H, W, C]  the target's layer
//   sweep   [1]           number of the batch's first image in the sweep; increased by `advance`
//   scores  [images]      objective of every image of the sweep
//
// Images of a batch lie `step` apart in the sweep. The objective is the sum of the elements that match (y, x, channel),
// 0xFFFFFFFF meaning every one; or, where `probability` is 1, the softmax over C at that channel, and where it is 2,
// the sigmoid there. One workgroup does all, a thread an image.

struct Params {
  batch: u32,
  images: u32,
  step: u32,
  advance: u32,
  height: u32,
  width: u32,
  channels: u32,
  y: u32,
  x: u32,
  channel: u32,
  probability: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> sweep: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;

fn span(index: u32, size: u32) -> vec2<u32> {
  return select(vec2(index, index + 1u), vec2(0u, size), index == EVERY);
}

fn matching(image: u32) -> f32 {
  let rows = span(params.y, params.height);
  let columns = span(params.x, params.width);
  let channels = span(params.channel, params.channels);
  var sum = 0.0;
  for (var row = rows.x; row < rows.y; row++) {
    for (var column = columns.x; column < columns.y; column++) {
      for (var channel = channels.x; channel < channels.y; channel++) {
        sum += a[((image * params.height + row) * params.width + column) * params.channels + channel];
      }
    }
  }
  return sum;
}

fn probability(image: u32) -> f32 {
  let first = image * params.channels;
  var top = a[first];
  for (var k = 1u; k < params.channels; k++) {
    top = max(top, a[first + k]);
  }
  var sum = 0.0;
  for (var k = 0u; k < params.channels; k++) {
    sum += exp(a[first + k] - top);
  }
  return exp(a[first + params.channel] - top) / sum;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  let first = sweep[0];
  for (var image = thread; image < params.batch; image += 64u) {
    let number = first + image * params.step;
    if (number < params.images) {
      var score: f32;
      if (params.probability == 1u) {
        score = probability(image);
      } else if (params.probability == 2u) {
        score = 1.0 / (1.0 + exp(-clamp(matching(image), -80.0, 80.0)));
      } else {
        score = matching(image);
      }
      scores[number] = score;
    }
  }
  storageBarrier();
  if (thread == 0u) {
    sweep[0] = first + params.advance;
  }
}

// values = a weighted sum of terms at one layer, for each image of a batch.
//
//   a       [N, height, width, channels]  the layer's activations
//   terms   [count]                       blocks/objective_term.wgsl
//   masks   [...]                         regions' masks [height, width] and lists of channels [images], one after another
//   lse     [N]                           written: log-sum-exp of the channels, where a term is a probability
//   values  [N]                           the sum
//
// One workgroup computes one image; every sum is a tree over 256 strided partial sums.

struct Params {
  images: u32,
  height: u32,
  width: u32,
  channels: u32,
  count: u32,
  views: u32, // entries of the batch for each image of a term
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> terms: array<Term>;
@group(0) @binding(3) var<storage, read> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> values: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

fn logSumExp(thread: u32, first: u32) -> f32 {
  var top = a[first];
  for (var k = thread; k < params.channels; k += THREADS) {
    top = max(top, a[first + k]);
  }
  top = largest(thread, top);
  var sum = 0.0;
  for (var k = thread; k < params.channels; k += THREADS) {
    sum += exp(a[first + k] - top);
  }
  return top + log(total(thread, sum));
}

// A thread's share of a term: its part of the elements that match.
fn share(term: Term, image: u32, thread: u32) -> f32 {
  if (term.image != EVERY && term.image != image / params.views) {
    return 0.0;
  }
  let origin = vec3<u32>(term.y, term.x, term.channel);
  let every = origin == vec3<u32>(EVERY);
  var low = select(origin, vec3<u32>(0u), every);
  var size = select(vec3<u32>(1u), vec3<u32>(params.height, params.width, params.channels), every);
  if (term.kind == 9u) {
    low.z = u32(masks[term.mask + image / params.views]);
    size.z = u32(low.z < params.channels);
  }
  var sum = 0.0;
  for (var i = thread; i < size.x * size.y * size.z; i += THREADS) {
    let row = low.x + i / (size.y * size.z);
    let column = low.y + i / size.z % size.y;
    let channel = low.z + i % size.z;
    let value = a[((image * params.height + row) * params.width + column) * params.channels + channel];
    switch term.kind {
      case 2u: { sum += 0.5 * value * value; }
      case 3u: { sum += masks[term.mask + row * params.width + column] * value; }
      case 4u: { sum += sigmoid(value); }
      case 5u: { sum += sigmoid(-value); }
      case 7u: { sum += logSigmoid(value); }
      case 8u: { sum += logSigmoid(-value); }
      default: { sum += value; }
    }
  }
  return sum;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let image = group.x + group.y * groups.x;
  if (image >= params.images) {
    return;
  }
  var sum = 0.0;
  for (var t = 0u; t < params.count; t++) {
    let term = terms[t];
    if (term.kind == 1u || term.kind == 6u) {
      let first = image * params.height * params.width * params.channels;
      let norm = logSumExp(thread, first);
      if (thread == 0u) {
        lse[image] = norm;
      }
      let logarithm = a[first + term.channel] - norm;
      sum += term.weight * select(exp(logarithm), logarithm, term.kind == 6u);
    } else {
      sum += term.weight * total(thread, share(term, image, thread));
    }
  }
  if (thread == 0u) {
    if (params.accumulate == 1u) {
      sum += values[image];
    }
    values[image] = sum;
  }
}

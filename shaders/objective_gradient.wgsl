// dy = the gradient of a weighted sum of terms to every element of a layer: where a backward pass starts.
//
//   a      [N, height, width, channels]  the layer's activations
//   terms  [count]                       blocks/objective_term.wgsl
//   masks  [...]                         regions' masks [height, width] and lists of channels [images], one after another
//   lse    [N]                           log-sum-exp of the channels, for probabilities
//   dy     [N, height, width, channels]
//
// One workgroup writes 256 consecutive elements.

struct Params {
  size: u32, // N·height·width·channels
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
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dy: array<f32>;

fn termGradient(term: Term, i: u32) -> f32 {
  let channel = i % params.channels;
  let pixel = i / params.channels;
  let row = pixel / params.width;
  let image = row / params.height;
  if (term.kind == 1u || term.kind == 6u) {
    let here = exp(a[i] - lse[image]);
    if (term.kind == 6u) {
      return select(0.0, 1.0, channel == term.channel) - here;
    }
    let p = exp(a[i - channel + term.channel] - lse[image]);
    return select(-p * here, p * (1.0 - p), channel == term.channel);
  }
  let here = vec4<u32>(image / params.views, row % params.height, pixel % params.width, channel);
  let asked = vec4<u32>(term.image, term.y, term.x, term.channel);
  if (!all((asked == vec4<u32>(EVERY)) | (asked == here))) {
    return 0.0;
  }
  switch term.kind {
    case 2u: { return a[i]; }
    case 3u: { return masks[term.mask + here.y * params.width + here.z]; }
    // Both factors as they are: 1 − sigmoid(a) would lose what is left of a small one.
    case 4u: { return sigmoid(a[i]) * sigmoid(-a[i]); }
    case 5u: { return -sigmoid(a[i]) * sigmoid(-a[i]); }
    case 7u: { return sigmoid(-a[i]); }
    case 8u: { return -sigmoid(a[i]); }
    case 9u: { return f32(channel == u32(masks[term.mask + here.x])); }
    default: { return 1.0; }
  }
}

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
  var sum = 0.0;
  for (var t = 0u; t < params.count; t++) {
    sum += terms[t].weight * termGradient(terms[t], i);
  }
  if (params.accumulate == 1u) {
    sum += dy[i];
  }
  dy[i] = sum;
}

// s = r / (z ± epsilon): a unit's relevance per unit of its pre-activation, and the relevance that goes to no input.
//
//   r         [images, size]       relevance of the layer's outputs
//   z         [images, size]       its pre-activations by the rule's weights, bias included
//   y         [images, size]       the layer's outputs; unused unless SIGN
//   b         [channels]           the rule's bias; unused unless BIAS
//   s         [images, size]
//   partials  [images, blocks, 2]  of each block: Σ b·s, what the bias takes; Σ r − z·s, what the stabiliser takes
//
// epsilon has z's sign, + where z = 0; s = 0 where both are 0 (Bach et al. 2015, eq. 58). One workgroup computes a
// block of 1024 elements of an image, its sums by a tree over 256 threads.

struct Params {
  images: u32,
  size: u32,     // elements of one image
  blocks: u32,   // ⌈size / 1024⌉
  channels: u32,
  epsilon: f32,
  middle: f32,   // y where the pre-activation is 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> r: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> s: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec2<f32>>;

// Which units take part: 0 all, 1 those with y >= middle, 2 those below. The others have s = 0 and count for nothing.
override SIGN: u32 = 0u;
override BIAS: bool = false;

alias Value = vec2<f32>; // of the shared blocks
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let chunk = group.x + group.y * groups.x;
  if (chunk >= params.images * params.blocks) {
    return;
  }
  let image = chunk / params.blocks;
  let first = (chunk % params.blocks) * 1024u;
  var sum = vec2<f32>(0.0);
  let end = min(first + 1024u, params.size);
  for (var at = first + thread; at < end; at += THREADS) {
    let i = image * params.size + at;
    var takes = true;
    switch SIGN {
      case 1u: { takes = y[i] >= params.middle; }
      case 2u: { takes = y[i] < params.middle; }
      default: {}
    }
    let relevance = select(0.0, r[i], takes);
    let by = z[i] + select(params.epsilon, -params.epsilon, z[i] < 0.0);
    let ratio = select(relevance / by, 0.0, by == 0.0 || relevance == 0.0);
    s[i] = ratio;
    if (BIAS) {
      sum.x += b[at % params.channels] * ratio;
    }
    sum.y += relevance - z[i] * ratio;
  }
  let all = total(thread, sum);
  if (thread == 0u) {
    partials[chunk] = all;
  }
}

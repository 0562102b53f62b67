// Fills a pixel of a texture with the centre of one of the sample's best windows, drawn at random, unless even that is too far;
// then moves on to the next pixel.
//
//   sample     [h, w]        red, green and blue of 0…255 in the lowest bytes of a word
//   weights    [side · side] u32, of a window's places
//   queue      [n]           pixels of the texture, in the order in which they are filled
//   distances  [h − side + 1, w − side + 1]  as texture_distance.wgsl leaves them
//   texture    [H, W]        the same as the sample; the highest byte is 255 where the pixel is known, else 0
//   cursor     [1]           which pixel of the queue is filled now
//   round      [2]           number of the round, for the random draw; the largest distance a unit of weight
//
// Best are the windows whose distance is at most the least and `tolerance` thousandths of it, at most 1000. One workgroup does it all.
// Source: Efros & Leung 1999, Texture synthesis by non-parametric sampling.

struct Params {
  sample: vec2<u32>,  // h, w
  texture: vec2<u32>, // H, W
  side: u32,
  tolerance: u32,     // in thousandths
  seed: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sample: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<u32>;
@group(0) @binding(3) var<storage, read> queue: array<u32>;
@group(0) @binding(4) var<storage, read> distances: array<u32>;
@group(0) @binding(5) var<storage, read> round: array<u32>;
@group(0) @binding(6) var<storage, read_write> texture: array<u32>;
@group(0) @binding(7) var<storage, read_write> cursor: array<u32>;

const THREADS = 256u;

var<workgroup> least: array<u32, THREADS>;
var<workgroup> found: array<u32, THREADS>;
var<workgroup> pixel: u32;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
  let across = params.sample.y - params.side + 1u;
  let count = across * (params.sample.x - params.side + 1u);
  let strip = (count + THREADS - 1u) / THREADS;
  let begin = min(thread * strip, count);
  let end = min(begin + strip, count);
  var smallest = 0xffffffffu;
  for (var i = begin; i < end; i++) {
    smallest = min(smallest, distances[i]);
  }
  least[thread] = smallest;
  if (thread == 0u) {
    pixel = queue[cursor[0]];
  }
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      least[thread] = min(least[thread], least[thread + stride]);
    }
  }
  workgroupBarrier();
  let best = least[0];
  let more = best / 1000u * params.tolerance + best % 1000u * params.tolerance / 1000u;
  let limit = select(best + more, 0xffffffffu, more > 0xffffffffu - best);
  var own = 0u;
  for (var i = begin; i < end; i++) {
    own += u32(distances[i] <= limit);
  }
  found[thread] = own;
  workgroupBarrier();
  if (thread != 0u) {
    return;
  }
  cursor[0] += 1u;
  var candidates = 0u;
  for (var t = 0u; t < THREADS; t++) {
    candidates += found[t];
  }
  var rank = drawn(params.seed, round[0], pixel) % candidates;
  var t = 0u;
  while (rank >= found[t]) {
    rank -= found[t];
    t++;
  }
  var window = t * strip;
  loop {
    if (distances[window] <= limit) {
      if (rank == 0u) {
        break;
      }
      rank--;
    }
    window++;
  }
  // How much of the window's weight is known.
  let half = i32(params.side / 2u);
  let corner = vec2<i32>(vec2<u32>(pixel / params.texture.y, pixel % params.texture.y)) - half;
  var weight = 0u;
  for (var k = 0u; k < params.side * params.side; k++) {
    let place = corner + vec2<i32>(vec2<u32>(k / params.side, k % params.side));
    if (all(place >= vec2<i32>()) && all(place < vec2<i32>(params.texture))) {
      let known = texture[u32(place.x) * params.texture.y + u32(place.y)] >> 24u != 0u;
      weight += select(0u, weights[k], known);
    }
  }
  if (distances[window] < weight * round[1]) {
    let row = window / across + params.side / 2u;
    let column = window % across + params.side / 2u;
    texture[pixel] = sample[row * params.sample.y + column] | 0xff000000u;
  }
}

// Keeps the nearest of the linearised boundaries between a picture's class and candidates (Moosavi-Dezfooli et al. 2016,
// arXiv:1511.04599): distance |f|/‖w‖, w the gradient of the difference f of two scores.
//
//   a         [N, channels]       scores
//   pairs     [N, candidates, 2]  channels of the candidate and of the class, or NONE
//   g         [N, size]           w: gradient of the difference to the picture
//   boundary  [N, 2]              distance to the nearest so far, and the length of its w; written by the first candidate
//   nearest   [N, size]           w of the nearest so far
//
// One workgroup computes one picture; sums are trees over 256 strided partial sums.

struct Params {
  size: u32, // elements of a picture
  channels: u32,
  candidates: u32,
  candidate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> g: array<f32>;
@group(0) @binding(4) var<storage, read_write> boundary: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> nearest: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;
const FAR = 3.0e38;

// The score of a channel; what is no channel counts as 0.
fn scoreOf(n: u32, channel: u32) -> f32 {
  return select(0.0, a[n * params.channels + min(channel, params.channels - 1u)], channel < params.channels);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  let first = n * params.size;
  let pair = pairs[n * params.candidates + params.candidate];
  let f = scoreOf(n, pair.x) - scoreOf(n, pair.y);
  var squares = 0.0;
  for (var i = first + thread; i < first + params.size; i += THREADS) {
    squares += g[i] * g[i];
  }
  let length = sqrt(total(thread, squares));
  let here = select(FAR, abs(f) / length, length > 0.0);
  let known = select(boundary[n].x, FAR, params.candidate == 0u);
  storageBarrier(); // every thread has read what the first one writes
  if (here < known || params.candidate == 0u) {
    for (var i = first + thread; i < first + params.size; i += THREADS) {
      nearest[i] = g[i];
    }
    if (thread == 0u) {
      boundary[n] = vec2<f32>(here, length);
    }
  }
}

// A step that should bring each image's probability forward by a given amount, p = values:
//
//   x ← home + (1 − decay)·(x + length·g/‖g‖ − home), cut to 0…1;  length = min(most, forward/‖g‖), forward = min(progress, share·(1 − p))
//
//   g       [N, size]  gradient of the probability
//   values  [N]        p
//   home    [N, size]  what images fall back to
//   x       [N, size]  pixels
//
// One workgroup moves one image. Where the gradient is zero nothing moves but towards home. Norms are taken of g over its largest
// magnitude, as squares of small gradients would vanish. Source: Nguyen et al. 2015 (arXiv:1412.1897) and the code that they published.

alias Value = f32;

struct Params {
  size: u32,
  progress: f32,
  share: f32,
  decay: f32,
  most: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> home: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

const THREADS = 256u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * params.size;
  var highest = 0.0;
  for (var i = thread; i < params.size; i += THREADS) {
    highest = max(highest, abs(g[first + i]));
  }
  let scale = largest(thread, highest);
  var squares = 0.0;
  if (scale > 0.0) {
    for (var i = thread; i < params.size; i += THREADS) {
      let part = g[first + i] / scale;
      squares += part * part;
    }
  }
  let norm = sqrt(total(thread, squares));
  let forward = min(params.progress, params.share * (1.0 - values[group.x]));
  let length = min(params.most, forward / norm / scale);
  for (var i = thread; i < params.size; i += THREADS) {
    var moved = x[first + i];
    if (scale > 0.0) {
      moved += length / norm * (g[first + i] / scale);
    }
    x[first + i] = clamp(mix(moved, home[first + i], params.decay), 0.0, 1.0);
  }
}

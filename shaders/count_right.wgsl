// Counts the images of a batch whose largest score is that of their label, label by label, for the trial whose turn it is; the next
// trial's turn begins.
//
//   scores  [N, K]       scores before the head's activation; of equal ones the first counts. One alone is a yes or no: above 0 is 1
//   labels  [N]          class of each image; one beyond the classes is not counted
//   trial   [1]          number of the trial
//   right   [T, labels]  images that were right
//
// One workgroup of 64 threads computes the batch: a thread an image, and one that adds.

struct Params {
  images: u32, // N
  scores: u32, // K
  labels: u32, // number of the classes
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> trial: array<u32>;
@group(0) @binding(4) var<storage, read_write> right: array<u32>;

var<workgroup> hits: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
  let first = trial[0] * params.labels;
  for (var begin = 0u; begin < params.images; begin += 64u) {
    let image = begin + thread;
    hits[thread] = 0u;
    if (image < params.images) {
      hits[thread] = u32(answer(image) == labels[image]);
    }
    workgroupBarrier();
    if (thread == 0u) {
      for (var i = 0u; i < min(64u, params.images - begin); i++) {
        let label = labels[begin + i];
        if (label < params.labels) {
          right[first + label] += hits[i];
        }
      }
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    trial[0] += 1u;
  }
}

fn answer(image: u32) -> u32 {
  let first = image * params.scores;
  if (params.scores == 1u) {
    return u32(scores[first] > 0.0);
  }
  var best = 0u;
  for (var k = 1u; k < params.scores; k++) {
    if (scores[first + k] > scores[first + best]) {
      best = k;
    }
  }
  return best;
}

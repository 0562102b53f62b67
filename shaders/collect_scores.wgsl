// Collects the scores of a batch of samples: scores[(first + n) mod M] = values[n].
//
//   values    [N]  the batch's scores
//   position  [2]  number of the batch's first sample, and how many samples it has; the rest is left out
//   scores    [M]  sample s's score at s mod M
//
// One workgroup copies 64 scores.

@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read> position: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < position[1]) {
    scores[(position[0] + id.x) % arrayLength(&scores)] = values[id.x];
  }
}

// Moves an ascent on to its next step.
//
//   step  [1]  number of the step
//
// One thread does it, after everything that reads the number.

@group(0) @binding(0) var<storage, read_write> step: array<u32>;

@compute @workgroup_size(1)
fn main() {
  step[0] += 1u;
}

// Moves a loop over samples on to its next batch; a position of zeros moves to the first.
//
//   position  [2]  number of the batch's first sample, and how many samples it has; none after the last
//
// One thread does it, before the kernels of a step read where they are.

struct Params {
  samples: u32, // in all
  batch: u32,   // the most samples of a step
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> position: array<u32>;

@compute @workgroup_size(1)
fn main() {
  let first = position[0] + position[1];
  position[0] = first;
  position[1] = min(params.batch, params.samples - min(first, params.samples));
}

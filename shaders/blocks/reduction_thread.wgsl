// What a thread takes of a reduction: one workgroup of 256 reduces LANES outputs, or a slice of each; the threads of an
// output take its elements in turn.
//
// The kernel declares LANES (1, 16 or 256) and has in its params: outputs, length (elements of an output), slices, slice
// (elements of one), and the axes that are kept and reduced. `sumOfOutput` needs `Value`, f32 or a vector of f32.

override KEPT_RANK: u32 = 8u;
override REDUCED_RANK: u32 = 8u;          // of the reduced axes
override ELEMENTS_FIRST: bool = false; // neighbouring threads take neighbouring elements of an output, not of several

// Threads of an output.
const SHARERS = 256u / LANES;

struct ReductionThread {
  output: u32, // may be none, at the end
  base: u32,   // where the output's elements begin
  slice: u32,
  first: u32,  // elements of the slice
  end: u32,
  place: u32,  // among the threads of the output
  mine: u32,   // its cell of a workgroup's array
}

fn reductionThread(id: u32, thread: u32) -> ReductionThread {
  let lane = select(thread % LANES, thread / SHARERS, ELEMENTS_FIRST);
  let place = select(thread / LANES, thread % SHARERS, ELEMENTS_FIRST);
  let output = id / params.slices * LANES + lane;
  let kept = Axes(params.keptSizes, params.moreKeptSizes, params.keptStrides, params.moreKeptStrides);
  let base = placeAlong(kept, KEPT_RANK, min(output, params.outputs - 1u));
  let slice = id % params.slices;
  let first = slice * params.slice;
  let end = min(first + params.slice, params.length);
  return ReductionThread(output, base, slice, first, end, place, lane * SHARERS + place);
}

// Where element i of an output lies, from where they begin.
fn placeInOutput(i: u32) -> u32 {
  return placeAlong(Axes(params.sizes, params.moreSizes, params.strides, params.moreStrides), REDUCED_RANK, i);
}

var<workgroup> shares: array<Value, 256>;

// The sum of what the threads of an output have, for each of them: a tree, so that the order is fixed.
fn sumOfOutput(t: ReductionThread, value: Value) -> Value {
  shares[t.mine] = value;
  for (var stride = SHARERS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (t.place < stride) {
      shares[t.mine] += shares[t.mine + stride];
    }
  }
  workgroupBarrier();
  let sum = shares[t.mine - t.place];
  workgroupBarrier();
  return sum;
}

// Sums and maxima over a workgroup, as trees: the order is fixed, so the same input gives the same bits.
//
// The kernel declares `THREADS`, its workgroup's size (a power of two), and `Value`, f32 or a vector of f32.

var<workgroup> reduced: array<Value, THREADS>;

// The sum of the threads' values, for every thread.
fn total(thread: u32, value: Value) -> Value {
  reduced[thread] = value;
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      reduced[thread] += reduced[thread + stride];
    }
  }
  workgroupBarrier();
  let result = reduced[0];
  workgroupBarrier();
  return result;
}

// The largest of the threads' values, for every thread.
fn largest(thread: u32, value: Value) -> Value {
  reduced[thread] = value;
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (thread < stride) {
      reduced[thread] = max(reduced[thread], reduced[thread + stride]);
    }
  }
  workgroupBarrier();
  let result = reduced[0];
  workgroupBarrier();
  return result;
}

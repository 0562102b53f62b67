/**
 * Pearson's correlation of two lists of the same length, −1…1. Where one does not vary it says nothing of the other: 0;
 * where neither varies they are alike: 1.
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < n; i++) {
    meanA += (a[i] ?? 0) / n;
    meanB += (b[i] ?? 0) / n;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [u, v] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  // A constant list's mean may miss it by a rounding.
  const [flatA, flatB] = [constant(a), constant(b)];
  if (flatA || flatB) return Number(flatA && flatB);
  return Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
}

/** Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(sharedRanks(a), sharedRanks(b));
}

function constant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

function sharedRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (i, j) => (values[i] ?? 0) - (values[j] ?? 0),
  );
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[first] ?? 0]) end++;
    for (let k = first; k < end; k++) ranks[order[k] ?? 0] = (first + end - 1) / 2;
    first = end;
  }
  return ranks;
}

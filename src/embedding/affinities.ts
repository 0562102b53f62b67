/** Joint probabilities of pairs of points, point by point, the neighbours of each in the order of their numbers. */
export interface Affinities {
  /** [N + 1]: where the neighbours of each point begin. */
  readonly starts: Uint32Array;
  readonly others: Uint32Array;
  /** Sums to 1 over all pairs. */
  readonly p: Float32Array;
}

interface Rows {
  readonly starts: Uint32Array;
  readonly others: Uint32Array;
  readonly values: Float32Array;
}

/**
 * pᵢⱼ = (pⱼ|ᵢ + pᵢ|ⱼ) / 2N of what each point makes of its neighbours. Memory and time grow with N·k.
 * @param indices [N, k] neighbours of each point.
 * @param conditional [N, k] their probabilities, which sum to 1 for each point.
 */
export function jointAffinities(indices: Uint32Array, conditional: Float32Array, n: number): Affinities {
  const k = indices.length / n;
  const starts = Uint32Array.from({ length: n + 1 }, (_, i) => i * k);
  const backward = transposed({ starts, others: indices, values: conditional });
  // Transposed twice, neighbours stand in the order of their numbers.
  const forward = transposed(backward);
  return sum(forward, backward, 1 / (2 * n));
}

function transposed({ starts, others, values }: Rows): Rows {
  const n = starts.length - 1;
  const begin = new Uint32Array(n + 1);
  for (const other of others) begin[other + 1] = (begin[other + 1] ?? 0) + 1;
  for (let i = 0; i < n; i++) begin[i + 1] = (begin[i + 1] ?? 0) + (begin[i] ?? 0);
  const next = begin.slice();
  const made = {
    starts: begin,
    others: new Uint32Array(others.length),
    values: new Float32Array(others.length),
  };
  for (let i = 0; i < n; i++) {
    for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at++) {
      const other = others[at] ?? 0;
      const to = next[other] ?? 0;
      next[other] = to + 1;
      made.others[to] = i;
      made.values[to] = values[at] ?? 0;
    }
  }
  return made;
}

/** scale · (a + b), both with neighbours in order. */
function sum(a: Rows, b: Rows, scale: number): Affinities {
  const n = a.starts.length - 1;
  const starts = new Uint32Array(n + 1);
  const others = new Uint32Array(2 * a.others.length);
  const p = new Float32Array(2 * a.others.length);
  let length = 0;
  for (let i = 0; i < n; i++) {
    let [inA, inB] = [a.starts[i] ?? 0, b.starts[i] ?? 0];
    const [endA, endB] = [a.starts[i + 1] ?? 0, b.starts[i + 1] ?? 0];
    while (inA < endA || inB < endB) {
      const ofA = inA < endA ? (a.others[inA] ?? 0) : n;
      const ofB = inB < endB ? (b.others[inB] ?? 0) : n;
      let value = 0;
      if (ofA <= ofB) value += a.values[inA++] ?? 0;
      if (ofB <= ofA) value += b.values[inB++] ?? 0;
      others[length] = Math.min(ofA, ofB);
      p[length++] = value * scale;
    }
    starts[i + 1] = length;
  }
  return { starts, others: others.slice(0, length), p: p.slice(0, length) };
}

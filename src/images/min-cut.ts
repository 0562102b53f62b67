/** The eight neighbours of a pixel as [down, right], so that direction 7 − d is the opposite of d. */
export const NEIGHBOURS: readonly (readonly [number, number])[] = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 0],
  [1, 1],
];

/** A cut to be found over an image's pixels: who belongs to the source, who to the sink. */
export interface Cut {
  readonly height: number;
  readonly width: number;
  /** The extra cost of giving a pixel to the sink and not to the source; negative: the other way round. */
  readonly lean: Float64Array;
  /** `[H, W, 8]`: what it costs to part a pixel from each of its {@link NEIGHBOURS}; the same both ways, 0 beyond the border. */
  readonly bond: Float64Array;
}

const FREE = 0;
const SOURCE = 1;
const SINK = 2;
const TERMINAL = 8;
const ORPHAN = 9;

/**
 * The cheapest cut of a grid in two, 1 for the pixels of the source, by the augmenting-path algorithm of Boykov & Kolmogorov
 * ("An experimental comparison of min-cut/max-flow algorithms", PAMI 26, 2004): two search trees grow from the terminals
 * and are mended, not rebuilt, after each augmentation.
 */
export function minCut({ height, width, lean, bond }: Cut): Uint8Array {
  const size = height * width;
  const residual = bond.slice();
  const terminal = lean.slice();
  const tree = new Uint8Array(size);
  const parent = new Uint8Array(size).fill(ORPHAN);
  const steps = NEIGHBOURS.map(([down, right]) => down * width + right);
  const active: number[] = [];
  const queued = new Uint8Array(size);
  let head = 0;
  const activate = (p: number): void => {
    if (queued[p]) return;
    queued[p] = 1;
    active.push(p);
  };
  const within = (p: number, d: number): boolean => {
    const [down, right] = NEIGHBOURS[d] ?? [0, 0];
    const [row, column] = [Math.floor(p / width) + down, (p % width) + right];
    return row >= 0 && row < height && column >= 0 && column < width;
  };
  /** The flow that is left between a pixel of a tree and its neighbour, away from the tree's root. */
  const outward = (p: number, d: number, side: number): number =>
    side === SOURCE ? (residual[8 * p + d] ?? 0) : (residual[8 * (p + (steps[d] ?? 0)) + 7 - d] ?? 0);

  for (let p = 0; p < size; p++) {
    if (terminal[p] === 0) continue;
    tree[p] = (terminal[p] ?? 0) > 0 ? SOURCE : SINK;
    parent[p] = TERMINAL;
    activate(p);
  }

  const orphans: number[] = [];
  const orphan = (p: number): void => {
    parent[p] = ORPHAN;
    orphans.push(p);
  };
  /** Sends what a path can carry along it; s and t are the ends where the trees meet, d the direction from s to t. */
  const augment = (s: number, t: number, d: number): void => {
    /** Calls `arc` with each link towards a root, and returns the root. */
    const climb = (from: number, arc: (child: number, index: number) => void): number => {
      let p = from;
      while (parent[p] !== TERMINAL) {
        const up = parent[p] ?? 0;
        const above = p + (steps[up] ?? 0);
        arc(p, tree[p] === SOURCE ? 8 * above + 7 - up : 8 * p + up);
        p = above;
      }
      return p;
    };
    const middle = 8 * s + d;
    let flow = residual[middle] ?? 0;
    const narrow = (_: number, index: number): void => {
      flow = Math.min(flow, residual[index] ?? 0);
    };
    const source = climb(s, narrow);
    const sink = climb(t, narrow);
    flow = Math.min(flow, terminal[source] ?? 0, -(terminal[sink] ?? 0));
    const carry = (index: number, back: number): number => {
      const left = (residual[index] ?? 0) - flow;
      residual[index] = left;
      residual[back] = (residual[back] ?? 0) + flow;
      return left;
    };
    carry(middle, 8 * t + 7 - d);
    const drain = (p: number, index: number): void => {
      const from = Math.floor(index / 8);
      const direction = index % 8;
      if (carry(index, 8 * (from + (steps[direction] ?? 0)) + 7 - direction) === 0) orphan(p);
    };
    climb(s, (p, index) => drain(p, index));
    climb(t, (p, index) => drain(p, index));
    terminal[source] = (terminal[source] ?? 0) - flow;
    terminal[sink] = (terminal[sink] ?? 0) + flow;
    if (terminal[source] === 0) orphan(source);
    if (terminal[sink] === 0) orphan(sink);
  };

  /** Distance to a root that a climb found, and the round of mending in which it did. */
  const distance = new Int32Array(size);
  const stamp = new Int32Array(size);
  let round = 0;
  /** Steps from a pixel to its root, or none if the way ends at an orphan. */
  const rooted = (from: number): number | undefined => {
    let p = from;
    let count = 0;
    while (stamp[p] !== round) {
      if (parent[p] === ORPHAN) return undefined;
      if (parent[p] === TERMINAL) {
        stamp[p] = round;
        distance[p] = 0;
        break;
      }
      p += steps[parent[p] ?? 0] ?? 0;
      count++;
    }
    const total = count + (distance[p] ?? 0);
    let left = total;
    for (p = from; stamp[p] !== round; p += steps[parent[p] ?? 0] ?? 0) {
      stamp[p] = round;
      distance[p] = left--;
    }
    return total;
  };
  const mend = (p: number): void => {
    const side = tree[p] ?? FREE;
    let best: number | undefined;
    let nearest = Number.POSITIVE_INFINITY;
    for (let d = 0; d < 8; d++) {
      if (!within(p, d)) continue;
      const q = p + (steps[d] ?? 0);
      if (tree[q] !== side || outward(q, 7 - d, side) === 0) continue;
      const far = rooted(q);
      if (far !== undefined && far < nearest) [best, nearest] = [d, far];
    }
    if (best !== undefined) {
      parent[p] = best;
      stamp[p] = round;
      distance[p] = nearest + 1;
      return;
    }
    tree[p] = FREE;
    for (let d = 0; d < 8; d++) {
      if (!within(p, d)) continue;
      const q = p + (steps[d] ?? 0);
      if (tree[q] !== side) continue;
      if (outward(q, 7 - d, side) > 0) activate(q);
      if (parent[q] === 7 - d) orphan(q);
    }
  };

  while (head < active.length) {
    const p = active[head] ?? 0;
    const side = tree[p] ?? FREE;
    let met = false;
    for (let d = 0; side !== FREE && d < 8; d++) {
      if (!within(p, d) || outward(p, d, side) === 0) continue;
      const q = p + (steps[d] ?? 0);
      if (tree[q] === FREE) {
        tree[q] = side;
        parent[q] = 7 - d;
        activate(q);
      } else if (tree[q] !== side) {
        round++;
        if (side === SOURCE) augment(p, q, d);
        else augment(q, p, 7 - d);
        for (let next = orphans.pop(); next !== undefined; next = orphans.pop()) {
          if (parent[next] === ORPHAN) mend(next);
        }
        met = true;
        break;
      }
    }
    if (met) continue;
    queued[p] = 0;
    head++;
    if (head > 1_000_000) {
      active.splice(0, head);
      head = 0;
    }
  }
  return Uint8Array.from(tree, (side) => Number(side === SOURCE));
}

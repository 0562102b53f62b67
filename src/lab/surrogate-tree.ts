import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { Draws } from "../sampling/draws.ts";
import { type Box, drawWithin, fitMixture, massOf, type Rows } from "./gaussian-mixture.ts";
import { bestStump, mostOf, purityOf, type Stump, sidesOf } from "./stump.ts";

export interface SurrogateTreeOptions {
  /** Gaussians of the mixture that inputs are drawn from. Default 100, or a tenth of the rows. */
  readonly components?: number | undefined;
  /** Points drawn in each node to split it, and as many again to weigh the split. Default 2000. */
  readonly samples?: number | undefined;
  /** The most nodes, leaves counted, 1 to 1023. Default 31. */
  readonly size?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  readonly onProgress?: ((nodes: number, size: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const SURROGATE_TREE: Fields<SurrogateTreeOptions> = {
  ...{ components: "may", samples: "may", size: "may", seed: "may", onProgress: "may", signal: "may" },
};

/** A node of a tree. */
export interface TreeNode {
  /** The class that the node says, where it is a leaf. */
  readonly answer: number;
  /** Share of all inputs that come here. */
  readonly mass: number;
  /** Σ p² of the answers here: 1 where they are all one. */
  readonly purity: number;
  /** Absent of a leaf. */
  readonly split?: (Stump & { readonly below: TreeNode; readonly above: TreeNode }) | undefined;
}

export interface SurrogateTree {
  readonly root: TreeNode;
  readonly nodes: number;
  readonly components: number;
  /** Mean log likelihood of the rows under the mixture. */
  readonly logLikelihood: number;
}

/**
 * A small tree that says what a function of features says (Bastani, Kim & Bastani, "Interpretability via model extraction", 2017). A mixture of
 * Gaussians is fitted to rows of features; where a node is to be split, inputs are drawn from it within the node's bounds, and the function
 * is asked. The node whose split gains most, weighted by the share of inputs that come to it, is split first.
 * @param rows features of pictures, `[N, D]`, which tell where inputs are.
 * @param classify the function: classes of rows `[n, D]`.
 * @throws InputError when there are too few rows, or an option is out of range; the signal's reason.
 * @example
 * ```ts
 * import { surrogateTree } from "vitrine/lab";
 *
 * const rows = { data: Float32Array.from({ length: 200 }, (_, i) => Math.sin(i)), width: 2 };
 * const { root } = await surrogateTree(
 *   rows,
 *   async (data) => Array.from({ length: data.length / 2 }, (_, i) => Number((data[2 * i + 1] ?? 0) > 0.5)),
 *   { samples: 200, size: 3 },
 * );
 * console.log(root.split?.feature); // 1
 * ```
 */
export async function surrogateTree(
  rows: Rows,
  classify: (rows: Float32Array) => Promise<readonly number[]>,
  options: SurrogateTreeOptions = {},
): Promise<SurrogateTree> {
  const who = "surrogate tree";
  assertFields(who, options, SURROGATE_TREE);
  const count = rows.data.length / rows.width;
  if (!(count >= 2) || !Number.isInteger(count)) {
    throw new InputError(
      `${who}: expected two or more rows of ${rows.width} features, got ${rows.data.length} values`,
    );
  }
  const { samples = 2000, size = 31, seed = 0, signal, onProgress } = options;
  const { components = Math.max(1, Math.min(100, Math.floor(count / 10))) } = options;
  for (const [name, value, most] of [
    ["components", components, 10_000],
    ["samples", samples, 10_000_000],
    ["size", size, 1023],
  ] as const) {
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new InputError(`${who}: expected ${name} to be a whole number of 1 to ${most}, got ${value}`);
  }
  const mixture = fitMixture(rows, components, seed);
  let made = 0;
  const grown = await grow(
    async (box) => {
      signal?.throwIfAborted();
      const draws = new Draws(seed, ++made);
      const data = drawWithin(mixture, box, 2 * samples, draws);
      if (data === undefined) return undefined;
      const answers = await classify(data);
      const half = samples * rows.width;
      return {
        mass: massOf(mixture, box),
        fit: {
          rows: { data: data.subarray(0, half), width: rows.width },
          answers: answers.slice(0, samples),
        },
        test: { rows: { data: data.subarray(half), width: rows.width }, answers: answers.slice(samples) },
      };
    },
    rows.width,
    size,
    onProgress,
  );
  return { ...grown, components, logLikelihood: mixture.logLikelihood };
}

/** A CART tree of the same size, grown best first on rows and their classes alone. */
export async function dataTree(
  rows: Rows,
  answers: readonly number[],
  size = 31,
): Promise<Pick<SurrogateTree, "root" | "nodes">> {
  const { data, width } = rows;
  return grow(
    async (box) => {
      const own = answers.flatMap((_, row) =>
        box.every(([low, high], d) => {
          const v = data[row * width + d] as number;
          return v > low && v <= high;
        })
          ? [row]
          : [],
      );
      if (own.length === 0) return undefined;
      const part = {
        rows: {
          data: Float32Array.from(own.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)])),
          width,
        },
        answers: own.map((row) => answers[row] ?? 0),
      };
      return { mass: own.length / answers.length, fit: part, test: part };
    },
    width,
    size,
  );
}

/** What a tree says of each row. */
export function treeAnswers(root: TreeNode, { data, width }: Rows): number[] {
  return Array.from({ length: data.length / width }, (_, row) => {
    let node = root;
    while (node.split) {
      const { feature, threshold, below, above } = node.split;
      node = (data[row * width + feature] as number) <= threshold ? below : above;
    }
    return node.answer;
  });
}

interface Answered {
  readonly rows: Rows;
  readonly answers: readonly number[];
}

/** What is known of the inputs within a box; undefined where there are none. */
type Look = (
  box: Box,
) => Promise<{ readonly mass: number; readonly fit: Answered; readonly test: Answered } | undefined>;

interface Growing {
  answer: number;
  mass: number;
  purity: number;
  readonly box: Box;
  stump: Stump | undefined;
  gain: number;
  split?: Stump & { below: Growing; above: Growing };
}

async function grow(
  look: Look,
  width: number,
  size: number,
  onProgress?: (nodes: number, size: number) => void,
): Promise<{ readonly root: TreeNode; readonly nodes: number }> {
  const nodeOf = async (box: Box, otherwise: number): Promise<Growing> => {
    const seen = await look(box);
    if (seen === undefined) {
      return { answer: otherwise, mass: 0, purity: 1, box, stump: undefined, gain: 0 };
    }
    const { mass, fit, test } = seen;
    const purity = purityOf(test.answers);
    const stump = bestStump(fit.rows, fit.answers);
    const sides = stump ? sidesOf(test.rows, stump) : [];
    const after = sides.reduce(
      (sum, own) =>
        own.length === 0
          ? sum
          : sum + (own.length / test.answers.length) * purityOf(own.map((row) => test.answers[row] ?? 0)),
      0,
    );
    const gain = stump ? mass * (after - purity) : 0;
    return { answer: mostOf(fit.answers), mass, purity, box, stump, gain };
  };
  const root = await nodeOf(
    Array.from({ length: width }, () => [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const),
    0,
  );
  const open = [root];
  let nodes = 1;
  while (nodes + 2 <= size) {
    open.sort((a, b) => b.gain - a.gain);
    const next = open.shift();
    if (!next?.stump || !(next.gain > 0)) break;
    const { feature, threshold } = next.stump;
    const within = (side: "below" | "above"): Box =>
      next.box.map(([low, high], d) =>
        d !== feature ? [low, high] : side === "below" ? [low, threshold] : [threshold, high],
      );
    const below = await nodeOf(within("below"), next.answer);
    const above = await nodeOf(within("above"), next.answer);
    next.split = { feature, threshold, below, above };
    open.push(below, above);
    nodes += 2;
    onProgress?.(nodes, size);
  }
  return { root: plain(root), nodes };
}

function plain({ answer, mass, purity, split }: Growing): TreeNode {
  const own = { answer, mass, purity };
  return split ? { ...own, split: { ...split, below: plain(split.below), above: plain(split.above) } } : own;
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type MatmulLayer, matmul } from "../../src/layers/matmul.ts";
import { type ConvolutionTile, defaultTiles, tilesFor, useTiles } from "../../src/layers/tiling.ts";
import { testDevice } from "../gpu.ts";
import { type Array64, upTo } from "../reference/array.ts";
import { build, element, permuted } from "../reference/axes.ts";
import { expectClose, numbers } from "../reference/numbers.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

const layerOf = (part: Partial<MatmulLayer> = {}): MatmulLayer => ({
  ...{ op: "matmul", name: "m", inputs: ["a", "b"] },
  ...part,
});

/** The matrices' axes turned, where the layer says so. */
function straight(x: Array64, transposed: boolean | undefined): Array64 {
  if (!transposed) return x;
  const rank = x.shape.length;
  return permuted(x, [...upTo(rank - 2), rank - 1, rank - 2]);
}

/** Products of stacks of matrices: the batch, then what both have of axes, counted from the last. */
function multiplied(layer: MatmulLayer, [left, right]: readonly Array64[]): Array64 {
  const a = straight(left as Array64, layer.transposeA);
  const b = straight(right as Array64, layer.transposeB);
  const middle = ({ shape }: Array64) => shape.slice(1, -2);
  const most = Math.max(middle(a).length, middle(b).length);
  const wide = (x: Array64): Array64 => ({
    ...x,
    shape: [x.shape[0] ?? 0, ...upTo(most - middle(x).length).map(() => 1), ...x.shape.slice(1)],
  });
  const [wideA, wideB] = [wide(a), wide(b)];
  const stack = wideA.shape.slice(0, -2).map((size, axis) => Math.max(size, wideB.shape[axis] ?? 0));
  const [rows = 0, inner = 0] = a.shape.slice(-2);
  return build([...stack, rows, b.shape.at(-1) ?? 0], (index) => {
    const [places, row, column] = [index.slice(0, -2), index.at(-2) ?? 0, index.at(-1) ?? 0];
    const products = upTo(inner).map(
      (k) => element(wideA, [...places, row, k]) * element(wideB, [...places, k, column]),
    );
    return products.reduce((sum, product) => sum + product, 0);
  });
}

// A device chooses one of two kernels for itself, with the tiles of its convolutions.
const device = await testDevice();
const tiles = tilesFor(device);

async function withTile<T>(tile: ConvolutionTile | undefined, work: () => Promise<T>): Promise<T> {
  if (!tile) throw new Error("expected a tile");
  useTiles(device, { little: tile, much: tile });
  try {
    return await work();
  } finally {
    useTiles(device, defaultTiles(device));
  }
}

const tiled = <T>(work: () => Promise<T>): Promise<T> =>
  withTile(
    tiles.find(({ subgroups }) => !subgroups),
    work,
  );
const sharing = tiles.find(({ subgroups }) => subgroups);

/** Holds the kernel of tiles against naive loops; and the one whose lanes share their reads against these and against it. */
async function check(layer: MatmulLayer, a: readonly number[], b: readonly number[]): Promise<void> {
  const x = [random(a), random(b, 2)];
  await tiled(() => checkOp(matmul, layer, x, { forward: (values) => multiplied(layer, values) }));
  if (!sharing) return;
  const exact = x.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  const { data } = multiplied(layer, exact);
  expectClose((await withTile(sharing, () => runForward(matmul, layer, x))).data, data);
  const dy = numbers(data.length, 77);
  for (const [input, { data: onto }] of x.entries()) {
    const gradient = () => runBackward(matmul, layer, x, { dy, input, onto });
    expectClose(await withTile(sharing, gradient), await tiled(gradient));
  }
}

test("agrees with naive loops, forward and backward, however matrices lie and stacks are broadcast", async () => {
  const size = fc.integer({ min: 1, max: 6 });
  const axis = fc.tuple(fc.integer({ min: 2, max: 3 }), fc.constantFrom("both", "a", "b"));
  const cases = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    axes: fc.array(axis, { maxLength: 3 }),
    sizes: fc.tuple(size, size, size),
    flags: fc.tuple(fc.boolean(), fc.boolean()),
    drop: fc.boolean(),
  });
  await forAll(cases, ({ batch, axes, sizes: [m, k, p], flags: [transposeA, transposeB], drop }) => {
    const middle = (of: "a" | "b") => axes.map(([count, has]) => (has === "both" || has === of ? count : 1));
    const b = middle("b");
    // Axes of one element in front may be left out.
    while (drop && b[0] === 1) b.shift();
    return check(
      layerOf({ transposeA, transposeB }),
      [batch, ...middle("a"), ...(transposeA ? [k, m] : [m, k])],
      [batch, ...b, ...(transposeB ? [p, k] : [k, p])],
    );
  });
});

test.each([
  { flags: {}, a: [1, 65, 18], b: [1, 18, 67], what: "several tiles, and parts of them" },
  {
    flags: { transposeB: true },
    a: [1, 2, 67, 20],
    b: [1, 2, 65, 20],
    what: "queries and keys of two heads",
  },
  { flags: { transposeA: true }, a: [2, 37, 9], b: [2, 37, 66], what: "columns of the first" },
  { flags: {}, a: [2, 3, 5, 4], b: [2, 4, 17], what: "one matrix for all of a stack" },
])("$what", ({ flags, a, b }) => check(layerOf(flags), a, b));

test.each([
  { flags: {}, x: [[2, 3, 4]], what: "one input" },
  {
    flags: {},
    x: [
      [2, 3, 4],
      [2, 3, 4],
    ],
    what: "inner axes that differ",
  },
  {
    flags: { transposeB: true },
    x: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    what: "inner axes that differ, transposed",
  },
  {
    flags: {},
    x: [
      [1, 3, 4],
      [2, 4, 5],
    ],
    what: "batches that differ",
  },
  {
    flags: {},
    x: [
      [2, 2, 3, 4],
      [2, 3, 4, 5],
    ],
    what: "stacks that do not fit",
  },
  {
    flags: {},
    x: [
      [2, 4],
      [2, 4],
    ],
    what: "vectors",
  },
])("refuses $what", ({ flags, x }) => {
  expect(() => matmul.shape(layerOf(flags), x)).toThrow(InputError);
  expect(() => matmul.shape(layerOf(flags), x)).toThrow(
    /matmul "m": expected two inputs N×…×M×K and N×…×K×P/,
  );
});

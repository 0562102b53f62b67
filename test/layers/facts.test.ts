import { describe, expect, test } from "vitest";
import { type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import { type Activation, activationFacts } from "../../src/layers/activation-kinds.ts";
import type { Op } from "../../src/layers/op.ts";
import { type OpLayer, opOf } from "../../src/layers/ops.ts";
import type { PadLayer } from "../../src/layers/pad.ts";
import { type PoolLayer, pool } from "../../src/layers/pool.ts";
import type { Resampling } from "../../src/layers/resampling-taps.ts";
import type { ResizeLayer } from "../../src/layers/resize.ts";
import { extentOf } from "../../src/layers/sight.ts";
import { EVERY as ACTIVATIONS, activate } from "../reference/activations.ts";
import { upTo } from "../reference/array.ts";
import { random } from "./check.ts";
import { runBackward, runForward, type Values } from "./run.ts";

// What an op says of itself, against what it does.

interface Sample {
  readonly layer: OpLayer;
  readonly x: readonly Shape[];
  /** True if it takes no negative values. */
  readonly positive?: true;
}

const NAMED = { name: "l", inputs: ["x"] } as const;
const TWO = { name: "l", inputs: ["a", "b"] } as const;
const MAPS = [2, 5, 4, 3] as const;
const VECTORS = [2, 6] as const;
const BORDER = { top: 1, bottom: 0, left: 2, right: 1 } as const;

const padOf = (mode: PadLayer["mode"], before: number[], after: number[]): PadLayer => ({
  ...{ op: "pad", ...NAMED, mode, before, after },
});

const resizeOf = (to: ResizeLayer["to"], how: Resampling): Sample => ({
  layer: { op: "resize", ...NAMED, to, ...how },
  x: [MAPS],
});

/** Layers of every op, in their kinds, without biases and activations. */
const SAMPLES: Readonly<Record<OpLayer["op"], readonly Sample[]>> = {
  activation: [MAPS, VECTORS].map((shape) => ({
    layer: { op: "activation", ...NAMED, activation: { kind: "linear" } },
    x: [shape],
  })),
  add: [
    { layer: { op: "add", ...TWO }, x: [MAPS, MAPS] },
    { layer: { op: "add", ...TWO }, x: [[2, 1, 1, 3], MAPS] },
    { layer: { op: "add", ...TWO }, x: [[2, 5, 4, 1], MAPS] },
    { layer: { op: "add", ...TWO }, x: [MAPS, [2, 1, 4, 3]] },
    { layer: { op: "add", ...NAMED, constant: random([5, 1, 3], 4) }, x: [MAPS] },
    { layer: { op: "add", ...NAMED, constant: { shape: [], data: Float32Array.of(0.5) } }, x: [MAPS] },
  ],
  batchNorm: [
    {
      layer: { op: "batchNorm", ...NAMED, scale: Float32Array.of(-2, 3, 1), offset: new Float32Array(3) },
      x: [MAPS],
    },
  ],
  binary: [
    ...(["subtract", "divide", "minimum", "maximum"] as const).flatMap((operator): Sample[] => [
      { layer: { op: "binary", ...TWO, operator }, x: [MAPS, MAPS] },
      { layer: { op: "binary", ...TWO, operator }, x: [[2, 1, 4, 3], MAPS] },
      { layer: { op: "binary", ...NAMED, operator, constant: random([3], 4, 9) }, x: [MAPS] },
      {
        layer: { op: "binary", ...NAMED, operator, constant: random([4, 3], 4, 9), constantFirst: true },
        x: [MAPS],
      },
    ]),
    {
      layer: { op: "binary", ...NAMED, operator: "power", constant: { shape: [], data: Float32Array.of(3) } },
      x: [MAPS],
    },
  ],
  concat: [
    ...[1, 2, 3].map((axis): Sample => ({ layer: { op: "concat", ...TWO, axis }, x: [MAPS, MAPS] })),
    { layer: { op: "concat", ...TWO, axis: 1 }, x: [VECTORS, VECTORS] },
  ],
  conv2d: [
    {
      layer: {
        ...{ op: "conv2d", ...NAMED, w: random([3, 2, 3, 4], 2) },
        ...{ strides: [2, 1], dilations: [1, 2], padding: "same" },
      },
      x: [[2, 7, 5, 3]],
    },
    {
      layer: {
        ...{ op: "conv2d", ...NAMED, w: random([2, 1, 3, 4], 2) },
        ...{ strides: [1, 3], dilations: [2, 1], padding: BORDER },
      },
      x: [[1, 5, 6, 3]],
    },
    {
      layer: {
        ...{ op: "conv2d", ...NAMED, w: random([2, 3, 2, 6], 2), groups: 2 },
        ...{ strides: [1, 2], dilations: [1, 1], padding: "same" },
      },
      x: [[1, 4, 5, 4]],
    },
  ],
  conv2dTranspose: [
    {
      layer: {
        ...{ op: "conv2dTranspose", ...NAMED, w: random([3, 2, 3, 4], 2), outputPadding: [1, 0] },
        ...{ strides: [2, 1], dilations: [1, 2], padding: "same" },
      },
      x: [[1, 4, 3, 3]],
    },
    {
      layer: {
        ...{ op: "conv2dTranspose", ...NAMED, w: random([2, 5, 4, 2], 2), groups: 2 },
        ...{ strides: [3, 2], dilations: [2, 1], padding: BORDER },
      },
      x: [[1, 3, 4, 4]],
    },
  ],
  dense: [
    { layer: { op: "dense", ...NAMED, w: random([6, 5], 2) }, x: [VECTORS] },
    { layer: { op: "dense", ...NAMED, w: random([3, 5], 2) }, x: [MAPS] },
  ],
  depthwiseConv2d: [
    {
      layer: {
        ...{ op: "depthwiseConv2d", ...NAMED, w: random([3, 2, 3, 2], 2) },
        ...{ strides: [1, 2], dilations: [2, 1], padding: "same" },
      },
      x: [[1, 6, 5, 3]],
    },
  ],
  depthToSpace: (["depth-first", "column-first"] as const).map((order) => ({
    layer: { op: "depthToSpace", ...NAMED, block: 2, order },
    x: [[1, 3, 2, 12]],
  })),
  globalPool: (["max", "average"] as const).flatMap((mode) =>
    [true, false].map((keepDims) => ({ layer: { op: "globalPool", ...NAMED, mode, keepDims }, x: [MAPS] })),
  ),
  lrn: [{ layer: { op: "lrn", ...NAMED, radius: 1, bias: 1, alpha: 0.5, beta: 0.75 }, x: [MAPS] }],
  matmul: [
    {
      layer: { op: "matmul", ...TWO },
      x: [
        [2, 3, 4],
        [2, 4, 5],
      ],
    },
    {
      layer: { op: "matmul", ...TWO, transposeB: true },
      x: [
        [2, 3, 5, 4],
        [2, 3, 6, 4],
      ],
    },
    {
      layer: { op: "matmul", ...TWO, transposeA: true },
      x: [
        [2, 3, 5, 4],
        [2, 1, 5, 6],
      ],
    },
    {
      layer: { op: "matmul", ...TWO },
      x: [
        [2, 2, 3, 5, 4],
        [2, 2, 1, 4, 3],
      ],
    },
    {
      layer: { op: "matmul", ...TWO },
      x: [
        [2, 5, 4],
        [2, 2, 4, 3],
      ],
    },
  ],
  multiply: [
    { layer: { op: "multiply", ...TWO }, x: [MAPS, MAPS] },
    { layer: { op: "multiply", ...TWO }, x: [MAPS, [2, 3]] },
    { layer: { op: "multiply", ...TWO }, x: [MAPS, [2, 5, 1, 1]] },
    { layer: { op: "multiply", ...NAMED, constant: random([5, 4, 1], 4) }, x: [MAPS] },
  ],
  pad: [
    { layer: padOf("constant", [1, 2, 0], [0, 1, 0]), x: [MAPS] },
    { layer: padOf("constant", [1, 0, 1], [2, 0, 2]), x: [MAPS] },
    { layer: { ...padOf("constant", [1, 0, 0], [0, 2, 0]), value: -3 }, x: [MAPS] },
    { layer: padOf("reflect", [3, 2, 0], [4, 1, 2]), x: [MAPS] },
    { layer: padOf("symmetric", [5, 0, 3], [2, 4, 0]), x: [MAPS] },
    { layer: padOf("edge", [6, 2, 0], [1, 7, 1]), x: [MAPS] },
    { layer: padOf("constant", [2], [1]), x: [VECTORS] },
  ],
  normalization: [
    { layer: { op: "normalization", ...NAMED, axes: [1, 2], epsilon: 1e-3 }, x: [MAPS] },
    { layer: { op: "normalization", ...NAMED, axes: [2], epsilon: 1e-3 }, x: [MAPS] },
    { layer: { op: "normalization", ...NAMED, axes: [3], epsilon: 1e-3 }, x: [MAPS] },
    {
      layer: { op: "normalization", ...NAMED, axes: [1, 2, 3], groups: 2, epsilon: 1e-3 },
      x: [[2, 3, 2, 4]],
    },
    { layer: { op: "normalization", ...NAMED, axes: [1], epsilon: 1e-3 }, x: [VECTORS] },
  ],
  permute: [
    { layer: { op: "permute", ...NAMED, axes: [0, 1, 2, 4, 3] }, x: [[2, 5, 4, 2, 3]] },
    { layer: { op: "permute", ...NAMED, axes: [0, 3, 1, 2] }, x: [MAPS] },
    { layer: { op: "permute", ...NAMED, axes: [0, 3, 2, 1] }, x: [MAPS] },
    { layer: { op: "permute", ...NAMED, axes: [0, 2, 1] }, x: [[2, 4, 3]] },
  ],
  pool: (["max", "average"] as const).flatMap((mode) => [
    {
      layer: { op: "pool", ...NAMED, mode, size: [3, 2], strides: [2, 1], padding: "same" },
      x: [[2, 6, 5, 3]],
    },
    {
      layer: { op: "pool", ...NAMED, mode, size: [2, 2], strides: [2, 3], padding: "valid" },
      x: [[1, 7, 6, 3]],
    },
    {
      layer: {
        ...{ op: "pool", ...NAMED, mode, size: [3, 2], strides: [2, 2], dilations: [1, 2] },
        ...{ padding: BORDER, ceil: true, countPadding: true },
      },
      x: [[1, 6, 5, 3]],
    },
  ]),
  reduce: (
    ["mean", "sum", "max", "min", "product", "l1", "l2", "sumSquare", "logSum", "logSumExp"] as const
  ).flatMap((mode): Sample[] => {
    const layer = { op: "reduce", ...NAMED, mode } as const;
    const samples: Sample[] = [
      { layer: { ...layer, axes: [3], keepDims: true }, x: [MAPS] },
      { layer: { ...layer, axes: [1, 2], keepDims: false }, x: [MAPS] },
      { layer: { ...layer, axes: [1], keepDims: false }, x: [[2, 2, 3, 4, 2]] },
      { layer: { ...layer, axes: [1], keepDims: false }, x: [VECTORS] },
    ];
    return mode === "logSum" ? samples.map((sample) => ({ ...sample, positive: true })) : samples;
  }),
  prelu: [
    { layer: { op: "prelu", ...NAMED, slope: random([3], 4) }, x: [MAPS] },
    { layer: { op: "prelu", ...NAMED, slope: { shape: [1], data: Float32Array.of(0.3) } }, x: [VECTORS] },
    { layer: { op: "prelu", ...NAMED, slope: { shape: [], data: Float32Array.of(-0.3) } }, x: [MAPS] },
  ],
  reshape: [
    { layer: { op: "reshape", ...NAMED, shape: [60] }, x: [MAPS] },
    { layer: { op: "reshape", ...NAMED, shape: [4, 5, 3] }, x: [MAPS] },
    { layer: { op: "reshape", ...NAMED, shape: [5, 4, 3] }, x: [MAPS] },
    { layer: { op: "reshape", ...NAMED, shape: [5, 4, 3, 2] }, x: [[2, 5, 4, 6]] },
    { layer: { op: "reshape", ...NAMED, shape: [5, 4, 6] }, x: [[2, 5, 4, 3, 2]] },
    { layer: { op: "reshape", ...NAMED }, x: [MAPS] },
  ],
  resize: [
    resizeOf({ factor: [2, 3] }, { mode: "nearest", coordinates: "half-pixel" }),
    resizeOf({ factor: [3, 2] }, { mode: "linear", coordinates: "half-pixel" }),
    resizeOf({ factor: [1, 3] }, { mode: "linear", coordinates: "asymmetric" }),
    resizeOf({ factor: [0.5, 1.6] }, { mode: "linear", coordinates: "half-pixel" }),
    resizeOf({ size: [7, 3] }, { mode: "linear", coordinates: "align-corners" }),
    resizeOf({ size: [3, 9] }, { mode: "nearest", coordinates: "asymmetric", rounding: "floor" }),
    resizeOf({ size: [13, 9] }, { mode: "cubic", coordinates: "half-pixel" }),
  ],
  slice: [
    { layer: { op: "slice", ...NAMED, starts: [1, 0, 1], sizes: [3, 4, 2] }, x: [MAPS] },
    { layer: { op: "slice", ...NAMED, starts: [4, 0, 2], sizes: [2, 2, 3], steps: [-3, 2, -1] }, x: [MAPS] },
    { layer: { op: "slice", ...NAMED, starts: [2], sizes: [3] }, x: [VECTORS] },
  ],
  softmax: [
    ...[MAPS, VECTORS].map((shape): Sample => ({ layer: { op: "softmax", ...NAMED }, x: [shape] })),
    ...[1, 2, 3].map(
      (axis): Sample => ({ layer: { op: "softmax", ...NAMED, axis, log: axis > 1 }, x: [MAPS] }),
    ),
  ],
  spaceToDepth: (["depth-first", "column-first"] as const).map((order) => ({
    layer: { op: "spaceToDepth", ...NAMED, block: 2, order },
    x: [[1, 6, 4, 3]],
  })),
};

const EVERY = Object.values(SAMPLES)
  .flat()
  .map(
    ({ layer, x, positive = false }) =>
      [`${layer.op} ${JSON.stringify({ ...layer, w: undefined })}`, layer, x, positive] as const,
  );

/** The layer's outputs; a view's are its input's. */
async function outputs(layer: OpLayer, x: readonly Values[]): Promise<Float32Array> {
  const op = opOf(layer);
  return op.view ? (x[0]?.data ?? new Float32Array()) : (await runForward(op, layer, x)).data;
}

const randomOf = (x: readonly Shape[], seed: number): Values[] =>
  x.map((shape, input) => random(shape, seed + input));

const mapped = (x: readonly Values[], change: (value: number, i: number, input: number) => number) =>
  x.map(({ shape, data }, input) => ({ shape, data: data.map((value, i) => change(value, i, input)) }));

/** Whether two are the same but for rounding. */
const same = (a: Float32Array, b: Float32Array): boolean =>
  a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) < 1e-4);

/** Rows (axis 0) or columns of an array that differ. */
function places(shape: Shape, a: Float32Array, b: Float32Array, axis: 0 | 1): number[] {
  if (shape.length < 4) return a.some((value, i) => value !== b[i]) ? [0] : [];
  const [, height = 1, width = 1, ...rest] = shape;
  const channels = sizeOf(rest);
  const found = new Set<number>();
  for (const [i, value] of a.entries()) {
    const pixel = Math.floor(i / channels);
    if (value !== b[i]) found.add(axis === 0 ? Math.floor(pixel / width) % height : pixel % width);
  }
  return [...found].sort((one, other) => one - other);
}

/** The input with a row or column of it larger by far, or smaller. */
function raised(x: readonly Values[], input: number, axis: 0 | 1, place: number, by: 1 | -1): Values[] {
  const [, height = 1, width = 1, ...rest] = x[input]?.shape ?? [];
  const channels = sizeOf(rest);
  const pixels = (x[input]?.shape.length ?? 0) >= 4;
  return mapped(x, (value, i, of) => {
    const pixel = Math.floor(i / channels);
    const here = axis === 0 ? Math.floor(pixel / width) % height : pixel % width;
    return of === input && (!pixels || here === place) ? value + by * (7 + (i % 3)) : value;
  });
}

describe.each(EVERY)("%s", (_, layer, x, positive) => {
  const inputsOf = (shapes: readonly Shape[], seed: number): Values[] =>
    mapped(randomOf(shapes, seed), (value) => (positive ? Math.abs(value) : value));
  const op = opOf(layer);
  const facts = op.mathematics(layer);
  const y = op.shape(layer, x);

  test("is linear and homogeneous as it says, or not", async () => {
    const [a, b] = [inputsOf(x, 1), inputsOf(x, 11)];
    const [ofA, ofB] = [await outputs(layer, a), await outputs(layer, b)];
    const sum = mapped(a, (value, i, input) => value + (b[input]?.data[i] ?? 0));
    const added = ofA.map((value, i) => value + (ofB[i] ?? 0));
    expect(same(await outputs(layer, sum), added)).toBe(facts.linear);
    const tripled = mapped(a, (value) => 3 * value);
    const scaled = same(
      await outputs(layer, tripled),
      ofA.map((value) => 3 * value),
    );
    expect(scaled).toBe(facts.homogeneous);
  });

  test("keeps to its inputs' sign and range as it says", async () => {
    const a = inputsOf(x, 1);
    const above = (values: Float32Array): boolean => values.every((value) => value >= 0);
    if (facts.nonNegative === "always") expect(above(await outputs(layer, a))).toBe(true);
    if (facts.nonNegative === "inputs") {
      const negative = mapped(a, (value) => -1 - Math.abs(value));
      expect(above(await outputs(layer, a)) && above(await outputs(layer, negative))).toBe(false);
      expect(above(await outputs(layer, mapped(a, Math.abs)))).toBe(true);
    }
    // Far from zero, so that a sum, a product or a border leaves the range.
    const far = layer.op === "prelu" ? -5 : 5;
    const shifted = mapped(a, (value) => far + value);
    const values = shifted.flatMap(({ data }) => [...data]);
    const [least, most] = [Math.min(...values) - 1e-5, Math.max(...values) + 1e-5];
    const found = await outputs(layer, shifted);
    expect(found.every((value) => value >= least && value <= most)).toBe(facts.withinInputs);
  });

  test("depends on an element at its own place alone, or on others, as it says", async () => {
    const input = Math.max(
      0,
      x.findIndex((shape) => sizeOf(shape) === sizeOf(y)),
    );
    const a = inputsOf(x, 1);
    const before = await outputs(layer, a);
    // A minimum notices what falls, a maximum what rises.
    const reached = async (place: number): Promise<number[]> => {
      const moved = [9, -9].map((by) =>
        outputs(
          layer,
          mapped(a, (value, i, of) => (of === input && i === place ? value + by : value)),
        ),
      );
      const after = await Promise.all(moved);
      return upTo(before.length).filter((i) => after.some((values) => values[i] !== before[i]));
    };
    // The second element of the second image: where axes change places, the first stays.
    const middle = Math.floor(sizeOf(x[input] ?? []) / 2) + 1;
    const found = [await reached(0), await reached(middle)];
    expect(JSON.stringify(found) === JSON.stringify([[0], [middle]])).toBe(facts.pointwise);
  });

  test("sees the rows and columns that it says, and no others", async () => {
    const a = inputsOf(x, 1);
    const before = await outputs(layer, a);
    for (const axis of [0, 1] as const) {
      for (const [input, shape] of x.entries()) {
        const sees = op.sees(layer, { axis, input, x, y });
        for (const place of upTo(extentOf(shape, axis))) {
          const said = upTo(extentOf(y, axis)).filter((at) => [...sees(at)].includes(place));
          const falls =
            (layer.op === "binary" && layer.operator === "minimum") ||
            (layer.op === "reduce" && layer.mode === "min");
          const after = await outputs(layer, raised(a, input, axis, place, falls ? -1 : 1));
          const found = places(y, before, after, axis);
          // Of a reshape that moves pixels, all are said to see all.
          const counted = layer.op === "reshape" ? said.filter((at) => found.includes(at)) : said;
          expect([axis, input, place, found]).toEqual([axis, input, place, counted]);
        }
      }
    }
  });

  test("takes as many products for an output as it says", async () => {
    const weights = op.weights(layer);
    if (!weights || layer.op === "batchNorm") return expect(weights?.products ?? 0).toBe(0);
    // As many as values that an output depends on: those of an output that sees no border.
    const counts = upTo(sizeOf(y)).map(async (place) => {
      const dy = new Float32Array(sizeOf(y));
      dy[place] = 1;
      const dx = await runBackward(op, layer, inputsOf(x, 1), { dy });
      return dx.filter((value) => value !== 0).length;
    });
    const found = await Promise.all(sizeOf(y) > 60 ? counts.slice(0, 60) : counts);
    expect(Math.max(...found)).toBe(weights.products);
  });
});

describe.each<readonly [string, Activation]>([
  ...ACTIVATIONS.map((activation) => [JSON.stringify(activation), activation] as const),
  ["thresholded ReLU at 0", { kind: "thresholdedRelu", alpha: 0 }] as const,
  ["general ReLU without a threshold", { kind: "generalRelu", alpha: 0.3 }] as const,
  ["clip without a maximum", { kind: "clip", alpha: 0 }] as const,
])("activation %s", (_, activation) => {
  const facts = activationFacts(activation);
  // Where it is a number at all: of a logarithm and a square root, above zero.
  const z = upTo(161)
    .map((i) => (i - 80) / 8 + 1e-3)
    .filter((value) => !Number.isNaN(activate(activation, value - 0.1)));
  const a = (value: number): number => activate(activation, value);

  test("is what is said of it", () => {
    expect(a(0)).toBeCloseTo(facts.atZero, 12);
    expect(z.every((value) => Math.abs(a(3 * value) - 3 * a(value)) < 1e-9)).toBe(facts.homogeneous);
    const slopes = z.map((value) => (a(value + 1e-5) - a(value - 1e-5)) / 2e-5);
    const multiple = z.every((value, i) => {
      const slope = slopes[i] ?? 0;
      return Math.abs(slope) < 1e-6 || Math.abs(slope * value - a(value)) < 1e-6;
    });
    const jumps = z.some(
      (value) =>
        Math.abs(a(value + 0.125) - a(value)) > 0.5 && !/log|exp|square|reciprocal/.test(activation.kind),
    );
    expect(multiple && !jumps).toBe(facts.piecewise);
    expect(z.every((value) => a(value) >= 0)).toBe(facts.nonNegative === "always");
    expect(z.every((value) => value < 0 || a(value) >= 0)).toBe(facts.nonNegative !== "unknown");
    expect(facts.rules && z.some((value) => a(value) === a(value + 0.01))).toBe(facts.stops);
    expect(z.every((value) => a(value) === 0 || a(value) === value)).toBe(facts.passesOrStops);
    expect(Number.isFinite(facts.ceiling) ? a(1e9) : Number.POSITIVE_INFINITY).toBe(facts.ceiling);
    expect(facts.rules).toBe(
      ["linear", "relu", "relu6"].includes(activation.kind) ||
        (activation.kind === "clip" && activation.alpha === 0),
    );
  });
});

test("an op that leaves a fact out does not compile", () => {
  type Pool = Op<PoolLayer, PoolLayer>;
  const without = <K extends keyof Pool>(...keys: K[]): Omit<Pool, K> =>
    Object.fromEntries(Object.entries(pool).filter(([key]) => !keys.includes(key as K))) as Omit<Pool, K>;
  const ops: Pool[] = [
    // @ts-expect-error
    without("fields"),
    // @ts-expect-error
    without("describe"),
    // @ts-expect-error
    without("view"),
    // @ts-expect-error
    without("incremental"),
    // @ts-expect-error
    without("mathematics"),
    // @ts-expect-error
    without("weights"),
    // @ts-expect-error
    without("sees"),
    // @ts-expect-error
    without("fusion"),
    // @ts-expect-error
    without("relevance"),
    // @ts-expect-error
    without("backProject"),
    without("scratch"),
  ];
  expect(ops.length).toBe(11);
});

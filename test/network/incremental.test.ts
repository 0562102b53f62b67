import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { readTensors } from "../../src/gpu/tensor.ts";
import { type Graph, type Layer, pictureOf, shapesOf } from "../../src/graph/graph.ts";
import { type PatchSweep, sweepOver } from "../../src/kernels/occlusion.ts";
import { windowGeometry } from "../../src/layers/padding.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { dirtyRegionsOf } from "../../src/network/incremental/dirty-regions.ts";
import { planIncremental } from "../../src/network/incremental/plan.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { createGpu } from "../../src/node/gpu.ts";
import { createOcclusion } from "../../src/techniques/attribution/occlusion.ts";
import { testDevice } from "../gpu.ts";
import { attention, branches, chain, constant, graph, random, values } from "../graph/graphs.ts";

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/** Strides, dilations, odd borders, depthwise with and without a multiplier, channels in fours and not. */
function strided(seed = 3): Graph {
  const next = random(seed);
  return graph("strided", [
    { op: "input", name: "image", inputs: [], shape: [19, 17, 3] },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["image"],
      ...CONV,
      strides: [2, 1],
      w: constant([3, 3, 3, 8], next),
      b: constant([8], next),
      activation: { kind: "relu" },
    },
    {
      op: "depthwiseConv2d",
      name: "depth1",
      inputs: ["conv1"],
      ...CONV,
      w: constant([3, 3, 8, 1], next),
      b: constant([8], next),
      activation: { kind: "relu6" },
    },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["depth1"],
      ...CONV,
      dilations: [1, 2],
      padding: { top: 2, bottom: 0, left: 1, right: 3 },
      w: constant([2, 2, 8, 5], next),
      activation: { kind: "leakyRelu", alpha: 0.1 },
    },
    {
      op: "depthwiseConv2d",
      name: "depth2",
      inputs: ["conv2"],
      ...CONV,
      strides: [1, 2],
      w: constant([1, 3, 5, 2], next),
    },
    {
      op: "conv2d",
      name: "conv3",
      inputs: ["depth2"],
      ...CONV,
      padding: "valid",
      w: constant([1, 1, 10, 20], next),
      activation: { kind: "tanh" },
    },
    { op: "globalPool", name: "gap", inputs: ["conv3"], mode: "average", keepDims: true },
    { op: "conv2d", name: "logits", inputs: ["gap"], ...CONV, w: constant([1, 1, 20, 3], next) },
  ]);
}

/** Every pooling, local response normalisation, both enlargements, zero padding. */
function pooled(seed = 4): Graph {
  const next = random(seed);
  return graph("pooled", [
    { op: "input", name: "image", inputs: [], shape: [16, 18, 1] },
    { op: "pad", name: "pad", inputs: ["image"], before: [1, 0, 0], after: [2, 3, 0], mode: "constant" },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["pad"],
      ...CONV,
      padding: "valid",
      w: constant([2, 3, 1, 6], next),
    },
    { op: "lrn", name: "lrn", inputs: ["conv1"], radius: 2, bias: 1, alpha: 0.5, beta: 0.75 },
    { op: "pool", name: "max", inputs: ["lrn"], mode: "max", size: [3, 3], strides: [2, 2], padding: "same" },
    {
      op: "resize",
      name: "smooth",
      inputs: ["max"],
      to: { factor: [2, 3] },
      mode: "linear",
      coordinates: "half-pixel",
    },
    {
      op: "pool",
      name: "mean",
      inputs: ["smooth"],
      mode: "average",
      size: [3, 2],
      strides: [1, 2],
      padding: "same",
    },
    {
      op: "resize",
      name: "blocks",
      inputs: ["mean"],
      to: { factor: [2, 1] },
      mode: "nearest",
      coordinates: "half-pixel",
    },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["blocks"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 6, 4], next),
      activation: { kind: "sigmoid" },
    },
    { op: "globalPool", name: "top", inputs: ["conv2"], mode: "max" },
    { op: "dense", name: "logits", inputs: ["top"], w: constant([4, 3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** The same with pixels' corners in place of their centres. */
function cornered(): Graph {
  const { layers, ...rest } = pooled();
  const coordinates = "asymmetric";
  return {
    ...rest,
    layers: layers.map((layer) => (layer.op === "resize" ? { ...layer, coordinates } : layer)),
  };
}

/** Convolutions in groups, transposed ones, pools dilated, rounded up and with padding counted. */
function decoded(seed = 6): Graph {
  const next = random(seed);
  const border = { top: 1, bottom: 0, left: 2, right: 1 };
  return graph("decoded", [
    { op: "input", name: "image", inputs: [], shape: [17, 15, 2] },
    { op: "conv2d", name: "conv1", inputs: ["image"], ...CONV, groups: 2, w: constant([3, 2, 1, 8], next) },
    {
      op: "pool",
      name: "max",
      inputs: ["conv1"],
      mode: "max",
      size: [3, 2],
      strides: [2, 3],
      dilations: [1, 2],
      padding: border,
      ceil: true,
    },
    {
      op: "conv2dTranspose",
      name: "up1",
      inputs: ["max"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 8, 6], next),
      b: constant([12], next),
      groups: 2,
      outputPadding: [1, 0],
      activation: { kind: "relu" },
    },
    {
      op: "pool",
      name: "mean",
      inputs: ["up1"],
      mode: "average",
      size: [2, 3],
      strides: [1, 2],
      padding: border,
      ceil: true,
      countPadding: true,
    },
    {
      op: "conv2dTranspose",
      name: "conv2",
      inputs: ["mean"],
      ...CONV,
      strides: [1, 3],
      dilations: [2, 1],
      padding: border,
      w: constant([2, 4, 12, 5], next),
    },
    { op: "globalPool", name: "gap", inputs: ["conv2"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([5, 3], next) },
  ]);
}

/** Residuals of three terms, a strided shortcut, products, concatenations along every axis, a squeezed gate. */
function joined(seed = 5): Graph {
  const next = random(seed);
  const norm = { scale: values(4, next).map((v) => 1 + v / 2), offset: values(4, next, 0.2) };
  return graph("joined", [
    { op: "input", name: "image", inputs: [], shape: [20, 16, 2] },
    { op: "conv2d", name: "conv1", inputs: ["image"], ...CONV, w: constant([1, 3, 2, 4], next) },
    { op: "batchNorm", name: "norm", inputs: ["conv1"], ...norm, activation: { kind: "relu" } },
    { op: "activation", name: "swish", inputs: ["norm"], activation: { kind: "swish" } },
    { op: "reshape", name: "drop", inputs: ["swish"] },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["drop"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 4, 4], next),
    },
    {
      op: "conv2d",
      name: "short",
      inputs: ["drop"],
      ...CONV,
      strides: [2, 2],
      w: constant([1, 1, 4, 4], next),
    },
    {
      op: "pool",
      name: "half",
      inputs: ["norm"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    { op: "add", name: "add", inputs: ["conv2", "short", "half"], activation: { kind: "tanh" } },
    { op: "multiply", name: "product", inputs: ["add", "half"] },
    { op: "concat", name: "below", inputs: ["product", "short"], axis: 1 },
    { op: "concat", name: "beside", inputs: ["below", "below"], axis: 2 },
    { op: "concat", name: "deep", inputs: ["beside", "beside"], axis: 3 },
    {
      op: "pool",
      name: "small",
      inputs: ["deep"],
      mode: "average",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    { op: "globalPool", name: "squeeze", inputs: ["small"], mode: "average", keepDims: true },
    { op: "multiply", name: "gate", inputs: ["small", "squeeze"] },
    { op: "reshape", name: "flatten", inputs: ["gate"], shape: [10 * 8 * 8] },
    { op: "dense", name: "logits", inputs: ["flatten"], w: constant([10 * 8 * 8, 2], next) },
  ]);
}

/** Channels shuffled by way of two axes, between convolutions and after an activation of all five axes. */
function shuffled(seed = 6): Graph {
  const next = random(seed);
  return graph("shuffled", [
    { op: "input", name: "image", inputs: [], shape: [11, 9, 2] },
    { op: "conv2d", name: "conv1", inputs: ["image"], ...CONV, w: constant([3, 3, 2, 6], next) },
    { op: "reshape", name: "split", inputs: ["conv1"], shape: [11, 9, 2, 3] },
    { op: "activation", name: "relu", inputs: ["split"], activation: { kind: "relu" } },
    { op: "permute", name: "shuffle", inputs: ["relu"], axes: [0, 1, 2, 4, 3] },
    { op: "reshape", name: "joined", inputs: ["shuffle"], shape: [11, 9, 6] },
    { op: "reduce", name: "mean", inputs: ["joined"], mode: "mean", axes: [3], keepDims: true },
    { op: "reduce", name: "largest", inputs: ["joined"], mode: "max", axes: [3], keepDims: true },
    { op: "concat", name: "gates", inputs: ["joined", "mean", "largest"], axis: 3 },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["gates"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 8, 5], next),
    },
    { op: "globalPool", name: "top", inputs: ["conv2"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["top"], w: constant([5, 3], next) },
  ]);
}

const GRAPHS: [name: string, make: () => Graph][] = [
  ["chain", chain],
  ["branches", branches],
  ["strided", strided],
  ["decoded", decoded],
  ["pooled", pooled],
  ["cornered", cornered],
  ["joined", joined],
  ["shuffled", shuffled],
  ["attention", attention],
];

describe("rectangles", () => {
  /** Which pixels of each layer a patch reaches, pixel by pixel. */
  function reached(of: Graph, [top, left]: readonly number[], [high, wide]: readonly number[]) {
    const shapes = shapesOf(of);
    const sizeOf = (name: string): [number, number] => {
      const [, height = 1, width = 1] = shapes.get(name) ?? [];
      return [height, width];
    };
    const maps = new Map<string, boolean[][]>();
    for (const layer of of.layers) {
      const inputs = layer.inputs.map((name) => maps.get(name));
      const read = (y: number, x: number, part = 0): boolean => inputs[part]?.[y]?.[x] ?? false;
      const reads = readsOf(layer, read, (part) => sizeOf(layer.inputs[part] ?? ""));
      const inPatch = (y: number, x: number): boolean =>
        y >= (top ?? 0) && y < (top ?? 0) + (high ?? 0) && x >= (left ?? 0) && x < (left ?? 0) + (wide ?? 0);
      const [height, width] = sizeOf(layer.name);
      maps.set(
        layer.name,
        Array.from({ length: height }, (_, y) =>
          Array.from({ length: width }, (_, x) => (layer.op === "input" ? inPatch(y, x) : reads(y, x))),
        ),
      );
    }
    return maps;
  }

  function readsOf(
    layer: Layer,
    read: (y: number, x: number, part?: number) => boolean,
    size: (part: number) => [number, number],
  ): (y: number, x: number) => boolean {
    const everyPart = (y: number, x: number): boolean => layer.inputs.some((_, part) => read(y, x, part));
    switch (layer.op) {
      case "conv2d":
      case "depthwiseConv2d":
      case "pool": {
        const [kh = 1, kw = 1] = layer.op === "pool" ? layer.size : layer.w.shape;
        const { dilations = [1, 1] } = layer;
        const { top, left } = windowGeometry("", ...size(0), { ...layer, size: [kh, kw], dilations });
        return (y, x) => {
          for (let v = 0; v < kh; v++)
            for (let u = 0; u < kw; u++)
              if (
                read(
                  y * layer.strides[0] - top + v * dilations[0],
                  x * layer.strides[1] - left + u * dilations[1],
                )
              )
                return true;
          return false;
        };
      }
      case "pad": {
        const [top = 0, left = 0] = layer.before;
        return (y, x) => read(y - top, x - left);
      }
      case "conv2dTranspose": {
        const [kh = 1, kw = 1] = layer.w.shape;
        const { padding, strides, dilations } = layer;
        const same = (axis: 0 | 1, taps: number) =>
          Math.floor(Math.max(0, (taps - 1) * dilations[axis] + 1 - strides[axis]) / 2);
        const [top, left] =
          typeof padding === "object" ? [padding.top, padding.left] : [same(0, kh), same(1, kw)];
        return (y, x) => {
          for (let v = 0; v < kh; v++) {
            for (let u = 0; u < kw; u++) {
              const [row, column] = [
                (y + top - v * dilations[0]) / strides[0],
                (x + left - u * dilations[1]) / strides[1],
              ];
              if (Number.isInteger(row) && Number.isInteger(column) && read(row, column)) return true;
            }
          }
          return false;
        };
      }
      case "resize": {
        const factor = "factor" in layer.to ? layer.to.factor : ([1, 1] as const);
        const around = (index: number, axis: 0 | 1): number[] => {
          if (layer.mode === "nearest") return [Math.floor(index / factor[axis])];
          const half = layer.coordinates === "asymmetric" ? 0 : 0.5;
          const centre = (index + half) / factor[axis] - half;
          const clamp = (at: number): number => Math.min(Math.max(at, 0), size(0)[axis] - 1);
          return [clamp(Math.floor(centre)), clamp(Math.ceil(centre))];
        };
        return (y, x) => around(y, 0).some((v) => around(x, 1).some((u) => read(v, u)));
      }
      case "concat":
        return (y, x) => {
          let begin = 0;
          return layer.inputs.some((_, part) => {
            const at = begin;
            if (layer.axis < 3) begin += size(part)[layer.axis - 1] ?? 0;
            return read(layer.axis === 1 ? y - at : y, layer.axis === 2 ? x - at : x, part);
          });
        };
      default:
        return everyPart;
    }
  }

  function bounds(map: readonly (readonly boolean[])[]): [number, number, number, number] | undefined {
    const rows = map.flatMap((row, y) => (row.includes(true) ? [y] : []));
    const columns = map.flatMap((row) => row.flatMap((hit, x) => (hit ? [x] : [])));
    return rows.length === 0
      ? undefined
      : [Math.min(...rows), Math.max(...rows) + 1, Math.min(...columns), Math.max(...columns) + 1];
  }

  const loose = new Set(["add", "concat", "multiply"]);

  test.each(GRAPHS)("of %s are the smallest that hold what a patch reaches", (_, make) => {
    const of = make();
    const [height, width] = pictureOf(of, "test").shape;
    fc.assert(
      fc.property(sizes(height, width), ({ patch, stride }) => {
        const sweep = sweepOver([height, width, 1], patch, stride);
        const reach = dirtyRegionsOf(of, sweep);
        for (let number = 0; number < sweep.rows * sweep.columns; number += 3) {
          const [row, column] = [Math.floor(number / sweep.columns), number % sweep.columns];
          const maps = reached(of, cornerOf(sweep, row, column), patch);
          // Beyond a sum that one branch never reaches, rectangles may be larger than they need to be.
          const inexact = new Set<string>();
          for (const layer of of.layers) {
            const found = reach.get(layer.name);
            const [rows, columns] = [found?.rows[row], found?.columns[column]];
            if (!rows || !columns) continue;
            const misses = layer.inputs.some((name) => !bounds(maps.get(name) ?? []));
            const passed = layer.inputs.some((name) => inexact.has(name));
            if ((loose.has(layer.op) && misses) || passed) inexact.add(layer.name);
            const empty = rows.to <= rows.from || columns.to <= columns.from;
            const expected = bounds(maps.get(layer.name) ?? []);
            const got = empty ? undefined : ([rows.from, rows.to, columns.from, columns.to] as const);
            if (!inexact.has(layer.name)) expect([layer.name, got]).toEqual([layer.name, expected]);
            else if (expected) {
              const [top = 0, bottom = 0, left = 0, right = 0] = got ?? [];
              expect(top).toBeLessThanOrEqual(expected[0]);
              expect(bottom).toBeGreaterThanOrEqual(expected[1]);
              expect(left).toBeLessThanOrEqual(expected[2]);
              expect(right).toBeGreaterThanOrEqual(expected[3]);
            }
          }
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  function cornerOf(sweep: PatchSweep, row: number, column: number): [number, number] {
    return [
      Math.min(row * sweep.stride[0], sweep.height - sweep.patch[0]),
      Math.min(column * sweep.stride[1], sweep.width - sweep.patch[1]),
    ];
  }

  function sizes(height: number, width: number) {
    return fc.record({
      patch: fc.tuple(fc.integer({ min: 1, max: height }), fc.integer({ min: 1, max: width })),
      stride: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    });
  }

  test("are clipped at the border, and counted in the saving", () => {
    const of = graph("one", [
      { op: "input", name: "image", inputs: [], shape: [4, 4, 1] },
      { op: "conv2d", name: "conv", inputs: ["image"], ...CONV, w: constant([3, 3, 1, 1], random(1)) },
    ]);
    const plan = planIncremental(of, sweepOver([4, 4, 1], [1, 1], [3, 3]), "conv");
    // Each corner's pixel changes 2×2 of 4×4 outputs.
    expect(plan?.cost).toEqual({ full: 4 * 16 * 9, exact: 4 * 4 * 9, planned: 4 * 4 * 9 });
  });
});

describe("an incremental sweep", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await testDevice();
  });

  /** Scores of every image of a sweep, and the map. */
  async function sweepOf(
    network: Network,
    image: Float32Array<ArrayBuffer>,
    fill: Float32Array<ArrayBuffer>,
    target: Target,
    options: { patch: number; stride: number; incremental: boolean },
  ): Promise<{ scores: Float32Array; map: Float32Array; saving: number }> {
    const sweep = await createOcclusion(network, target, options);
    try {
      device.queue.writeBuffer(sweep.image.buffer, 0, image);
      device.queue.writeBuffer(sweep.fill.buffer, 0, fill);
      const encoder = device.createCommandEncoder();
      sweep.recordStart(encoder);
      for (let step = 0; step < sweep.steps; step++) sweep.recordStep(encoder);
      sweep.recordMap(encoder);
      device.queue.submit([encoder.finish()]);
      const [scores, map] = await readTensors(device, [sweep.scores, sweep.map]);
      return { scores, map, saving: sweep.saving };
    } finally {
      sweep.destroy();
    }
  }

  /** The largest difference between the incremental and the full sweep, as a fraction of the largest score. */
  async function difference(
    of: Graph,
    target: Target,
    { patch, stride }: { patch: number; stride: number },
    seed = 1,
  ): Promise<number> {
    const [one, many] = await Promise.all(
      [1, 16].map((batch) => createNetwork(device, of, { gradients: false, batch })),
    );
    if (!one || !many) throw new Error("expected two networks");
    try {
      const next = random(seed);
      const [height, width, channels] = pictureOf(of, "test").shape;
      const image = values(height * width * channels, next);
      const fill = values(channels, next);
      const got = await sweepOf(one, image, fill, target, { patch, stride, incremental: true });
      const expected = await sweepOf(many, image, fill, target, { patch, stride, incremental: false });
      expect(got.saving).toBeGreaterThanOrEqual(1);
      expect(expected.saving).toBe(1);
      const scale = expected.scores.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(new Set(expected.scores).size).toBeGreaterThan(1);
      const worst = (a: Float32Array, b: Float32Array): number =>
        a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
      return Math.max(worst(got.scores, expected.scores), worst(got.map, expected.map)) / scale;
    } finally {
      one.destroy();
      many.destroy();
    }
  }

  const logit = { layer: "logits", channel: 1 };

  const throughPooling = ["pad", "conv1", "lrn", "max", "smooth", "mean", "blocks", "conv2"];
  const followed = {
    chain: ["conv1", "relu1", "pool1"],
    branches: ["pad", "conv1", "norm1", "tanh1", "conv2", "add", "sigmoid", "drop", "concat"],
    strided: ["conv1", "depth1", "conv2", "depth2", "conv3"],
    decoded: ["conv1", "max", "up1", "mean", "conv2"],
    pooled: throughPooling,
    cornered: throughPooling,
    attention: ["conv2"],
    shuffled: ["conv1", "split", "relu", "shuffle", "joined", "mean", "largest", "gates", "conv2"],
    joined: [
      "norm",
      "swish",
      "drop",
      "conv2",
      "short",
      "half",
      "add",
      "product",
      "below",
      "beside",
      "deep",
      "small",
    ],
  };

  test.each(GRAPHS)("of %s equals the full one", async (name, make) => {
    const of = make();
    const sweep = sweepOver(pictureOf(of, "test").shape, [2, 2], [2, 2]);
    const plan = planIncremental(of, sweep, of.output);
    expect([...(plan?.partial.keys() ?? [])]).toEqual(
      expect.arrayContaining(followed[name as keyof typeof followed]),
    );
    expect(await difference(of, logit, { patch: 2, stride: 2 })).toBeLessThan(1e-5);
  });

  // Chosen at random, so that windows cover some layers wholly, or miss them between the taps of a stride.
  test.each(GRAPHS)("of %s equals the full one for any patch, stride and image", async (_, make) => {
    const [height, width] = pictureOf(make(), "test").shape;
    const side = Math.min(height, width);
    const cases = fc.record({
      patch: fc.oneof(fc.constantFrom(1, side), fc.integer({ min: 1, max: Math.ceil(side / 3) })),
      stride: fc.integer({ min: 2, max: side + 2 }),
      seed: fc.integer({ min: 1, max: 99 }),
      target: fc.constantFrom<Target[]>(
        logit,
        { layer: "conv2", channel: 2 },
        { layer: "conv2", y: 1, x: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ target, seed, ...sizes }) => {
        expect(await difference(make(), target, sizes, seed)).toBeLessThan(1e-5);
      }),
      { numRuns: 8, seed: 3, examples: [[{ patch: 1, stride: 5, seed: 1, target: logit }]] },
    );
  });

  test("of a neuron in the first layer, and of the image itself", async () => {
    expect(await difference(strided(), { layer: "conv1", y: 4, x: 5 }, { patch: 3, stride: 2 })).toBeLessThan(
      1e-5,
    );
    expect(
      await difference(strided(), { layer: "image", channel: 0, y: 4, x: 5 }, { patch: 3, stride: 2 }),
    ).toBeLessThan(1e-5);
  });

  test("goes on from chunk to chunk, the last one short", async () => {
    const of = graph("wide", [
      { ...pictureOf(chain(), "test"), shape: [37, 33, 3] },
      ...chain().layers.slice(1, 4),
    ]);
    const sweep = sweepOver([37, 33, 3], [2, 2], [1, 1]);
    const plan = planIncremental(of, sweep, "pool1");
    expect([plan?.chunks, plan?.patches]).toEqual([2, 576]);
    const one = planIncremental(of, sweepOver([37, 33, 3], [1, 1], [1, 1]), "pool1");
    expect([one?.chunks, one?.patches]).toEqual([2, 611]); // 1221 patches
    expect(await difference(of, { layer: "pool1", channel: 1 }, { patch: 1, stride: 1 })).toBeLessThan(1e-5);
  });

  test("is not planned where its rectangles exceed the device's buffers", () => {
    const sweep = sweepOver([19, 17, 3], [1, 1], [1, 1]);
    expect(planIncremental(strided(), sweep, "logits", { bufferBytes: 2 ** 15 })).toBeUndefined();
    expect(planIncremental(strided(), sweep, "logits", { bufferBytes: 2 ** 12 })).toBeUndefined();
    expect(planIncremental(strided(), sweep, "logits")).toBeDefined();
  });

  test("recorded, allocates nothing, submits nothing and writes no queue; then frees all it made", async () => {
    const network = await createNetwork(device, joined(), { gradients: false });
    const create = vi.spyOn(device, "createBuffer");
    const sweep = await createOcclusion(network, logit, { patch: 3, stride: 2 });
    const made = create.mock.results.map(({ value }) => value as GPUBuffer);
    expect(sweep.saving).toBeGreaterThan(1.5);
    create.mockClear();
    const spies = [
      create,
      vi.spyOn(device, "createBindGroup"),
      vi.spyOn(device, "createComputePipelineAsync"),
      vi.spyOn(device.queue, "submit"),
      vi.spyOn(device.queue, "writeBuffer"),
    ];
    const encoder = device.createCommandEncoder();
    sweep.recordStart(encoder);
    sweep.recordStep(encoder);
    sweep.recordMap(encoder);
    encoder.finish();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    for (const spy of spies) spy.mockRestore();

    sweep.destroy();
    expect(made.length).toBeGreaterThan(20);
    for (const buffer of made) expect(await refusal(buffer)).toMatch(/destroyed/);
    network.destroy();
  });

  /** What a device says of a buffer's use: a destroyed one is refused. */
  async function refusal(buffer: GPUBuffer): Promise<string> {
    device.pushErrorScope("validation");
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    return (await device.popErrorScope())?.message ?? "alive";
  }

  test("needs no feature and no limit beyond the defaults", async () => {
    const adapter = await (await createGpu()).requestAdapter();
    const plain = await adapter?.requestDevice();
    if (!plain) throw new Error("expected a device");
    const shared = device;
    device = plain;
    try {
      expect(plain.features.has("subgroups")).toBe(false);
      expect(plain.limits.maxStorageBuffersPerShaderStage).toBe(8);
      for (const make of [strided, joined]) {
        expect(await difference(make(), logit, { patch: 3, stride: 3 })).toBeLessThan(1e-5);
      }
    } finally {
      device = shared;
      plain.destroy();
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { colorMap } from "../../src/figures/color-maps.ts";
import { composeField, renderField } from "../../src/figures/field.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { type EmpiricalFieldOptions, empiricalField } from "../../src/techniques/units/empirical-field.ts";
import { testDevice } from "../gpu.ts";

const H = 17;
const W = 15;
const layer = (name: string, inputs: string[], more: Record<string, unknown>) =>
  ({ name, inputs, ...more }) as unknown as Layer;
const conv = (name: string, input: string, shape: number[], w: (i: number) => number, more = {}) =>
  layer(name, [input], {
    op: "conv2d",
    w: { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => w(i)) },
    strides: [1, 1],
    dilations: [1, 1],
    padding: "same",
    ...more,
  });
/** Two convolutions with a ReLU and a pooling between; the second reads a row of three. */
const graph: Graph = {
  name: "small",
  layers: [
    layer("x", [], { op: "input", shape: [H, W, 3] }),
    conv("a", "x", [3, 3, 3, 4], (i) => Math.sin(7 * i + 1), { activation: { kind: "relu" } }),
    layer("p", ["a"], { op: "pool", mode: "max", size: [2, 2], strides: [2, 2], padding: "valid" }),
    conv("b", "p", [1, 3, 4, 2], (i) => Math.cos(5 * i)),
  ],
  output: "b",
  preprocessing: { range: 1, mean: [0, 0, 0], std: [1, 1, 1], source: "given" } as Graph["preprocessing"],
};
const image = (seed: number) =>
  Float32Array.from({ length: H * W * 3 }, (_, i) => Math.sin(i * 1.7 + seed) + 0.5);

let network: Network;
beforeAll(async () => {
  network = await createNetwork(await testDevice(), graph, { keep: ["b"], gradients: false, batch: 4 });
});
afterAll(() => network.destroy());

const of = (images: Float32Array[], more: Partial<EmpiricalFieldOptions> = {}) =>
  empiricalField(network, images, { layer: "b", channel: 1, patch: 3, stride: 2, ...more });

describe("an empirical receptive field", () => {
  test("is nothing wherever the square does not touch the theoretical field, to the bit", async () => {
    for (const at of [
      { y: 3, x: 3 },
      { y: 0, x: 6 },
      { y: 7, x: 0 },
    ]) {
      const { images, patch, stride } = await of([image(1), image(2)], { at });
      for (const { patches, theoretical } of images) {
        const rows = Math.ceil((H - patch) / stride) + 1;
        const columns = Math.ceil((W - patch) / stride) + 1;
        expect(patches).toHaveLength(rows * columns);
        let touching = 0;
        for (const [i, change] of patches.entries()) {
          const top = Math.min(Math.floor(i / columns) * stride, H - patch);
          const left = Math.min((i % columns) * stride, W - patch);
          const apart =
            top >= theoretical.bottom ||
            top + patch <= theoretical.top ||
            left >= theoretical.right ||
            left + patch <= theoretical.left;
          if (apart) expect(change).toBe(0);
          else touching += Number(change > 0);
        }
        expect(touching).toBeGreaterThan(2);
      }
    }
  });

  test("covers pixel by pixel what a plain loop covers", async () => {
    const { images } = await of([image(3)], { at: { y: 4, x: 2 }, patch: 1, stride: 1, fill: 0 });
    const [found] = images;
    const x = image(3);
    const unit = (input: Float32Array) => naive(input, 4, 2, 1);
    for (const pixel of [0, 4 * W + 4, 8 * W + 5, 9 * W + 3, 10 * W + 6, H * W - 1]) {
      const covered = x.slice().fill(0, 3 * pixel, 3 * pixel + 3);
      expect(found?.map[pixel]).toBeCloseTo(Math.abs(unit(covered) - unit(x)), 4);
    }
    expect(found?.value).toBeCloseTo(unit(x), 4);
  });

  test("is the mean of the images' maps, each centred on its unit", async () => {
    const both = await of([image(1), image(5)]);
    const [a, b] = [await of([image(1)]), await of([image(5)])];
    const [h = 0, w = 0] = both.shape;
    // 3×3 before a pooling of two and a row of three: 4×8, and two pixels of the square around it.
    expect([h, w]).toEqual([4 + 4, 8 + 4]);
    expect(both.theoretical).toEqual({ top: 2, left: 2, bottom: 6, right: 10 });
    for (let i = 0; i < h * w; i++) {
      const [n, m] = [a.seen[i] ?? 0, b.seen[i] ?? 0];
      expect(both.seen[i]).toBe(n + m);
      const mean = n + m === 0 ? 0 : ((a.data[i] ?? 0) * n + (b.data[i] ?? 0) * m) / (n + m);
      expect(both.data[i]).toBeCloseTo(mean, 5);
    }
    expect(both.side).toBeLessThan(Math.sqrt(4 * 8));
    expect(both.side).toBeGreaterThanOrEqual(1);
  });

  test("finds the place that answers most, and takes a square in proportion to the image", async () => {
    const { images, patch, stride } = await empiricalField(network, [image(1)], { layer: "b", channel: 0 });
    expect([patch, stride]).toEqual([1, 1]);
    const [unit] = images;
    const values = Array.from({ length: 8 * 7 }, (_, i) => naive(image(1), Math.floor(i / 7), i % 7, 0));
    const best = values.indexOf(Math.max(...values));
    expect([unit?.y, unit?.x]).toEqual([Math.floor(best / 7), best % 7]);
  });

  test("stops when it is told, and says how far it is", async () => {
    const progress: number[] = [];
    await of([image(1), image(2)], { onProgress: (fraction) => progress.push(fraction) });
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const stop = new AbortController();
    const work = of([image(1)], { signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
    await expect(work).rejects.toThrow("enough");
  });

  test("refuses what cannot be", async () => {
    await expect(of([])).rejects.toThrow(/at least one image/);
    await expect(of([image(1)], { channel: 2 })).rejects.toThrow(/one of the 2 maps of layer "b", got 2/);
    await expect(of([image(1)], { at: { y: 8, x: 0 } })).rejects.toThrow(/a place of the 8×7 map, got 8,0/);
    await expect(of([image(1)], { patch: 16 })).rejects.toThrow(/patch of 1×1 to 17×15/);
    await expect(of([image(1)], { layer: "none" })).rejects.toThrow(/none/);
  });

  test("is drawn with the theoretical rectangle, and examples beside it", async () => {
    const field = await of([image(1), image(2)]);
    const picture = { width: W, height: H, data: new Uint8Array(W * H * 3).fill(120) };
    const figure = await renderField({ field, images: [picture, picture], title: "t" });
    const count = (value: readonly number[]) =>
      figure.data.filter((_, i) => i % 3 === 0 && value.every((v, c) => figure.data[i + c] === v)).length;
    expect(count([80, 200, 255])).toBeGreaterThan(1000);
    expect(count([...colorMap("inferno").slice(-3)])).toBeGreaterThan(50);
    expect(() => composeField({ field, images: [picture], title: "t" })).toThrow(/expected 2 images, got 1/);
  });
});

/** The unit (y, x, c) of layer b, by plain loops. */
function naive(x: Float32Array, y: number, column: number, c: number): number {
  const weight = (name: string) => {
    const found = graph.layers.find((each) => each.name === name);
    return found && "w" in found ? found.w.data : new Float32Array();
  };
  const [wa, wb] = [weight("a"), weight("b")];
  const first = (row: number, at: number, k: number): number => {
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const [i, j] = [row + dy, at + dx];
        if (i < 0 || j < 0 || i >= H || j >= W) continue;
        for (let d = 0; d < 3; d++) {
          sum += (x[(i * W + j) * 3 + d] ?? 0) * (wa[(((dy + 1) * 3 + dx + 1) * 3 + d) * 4 + k] ?? 0);
        }
      }
    }
    return Math.max(0, sum);
  };
  let sum = 0;
  for (let dx = -1; dx <= 1; dx++) {
    const at = column + dx;
    if (at < 0 || at >= 7) continue;
    for (let k = 0; k < 4; k++) {
      const pooled = Math.max(...[0, 1].flatMap((p) => [0, 1].map((q) => first(2 * y + p, 2 * at + q, k))));
      sum += pooled * (wb[((dx + 1) * 4 + k) * 2 + c] ?? 0);
    }
  }
  return sum;
}

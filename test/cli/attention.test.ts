import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { node, onnxBytes, valueInfo } from "../models/onnx/written.ts";
import { folder, json, vitrine } from "./run.ts";

const at = (name: string) => join(folder, name);
const [SIZE, HEADS] = [6, 3];
/** A picture, [y, x, colour]. */
const picture = Float32Array.from({ length: SIZE * SIZE * HEADS }, (_, i) => Math.sin(5 * i) + 0.3);

/** Each colour's rows attend to its rows: three heads. */
beforeAll(async () => {
  const size = ["batch", HEADS, SIZE, SIZE];
  const graph = {
    name: "attention",
    input: [valueInfo("image", size)],
    output: [valueInfo("scores", ["batch", HEADS])],
    node: [
      node("Transpose", ["image"], ["turned"], { perm: [0, 1, 3, 2] }, "turned"),
      node("MatMul", ["image", "turned"], ["products"], {}, "products"),
      node("Softmax", ["products"], ["attention"], { axis: -1 }, "attention"),
      node("MatMul", ["attention", "image"], ["mixed"], {}, "mixed"),
      node("ReduceMax", ["mixed"], ["scores"], { axes: [2, 3], keepdims: 0 }, "scores"),
    ],
  };
  await writeFile(at("attention.onnx"), onnxBytes(graph));
  await writeNpy(at("rows.npy"), { shape: [SIZE, SIZE, HEADS], data: picture });
});

/** The matrices by the definition, [head, row, row]. */
function attention(): number[] {
  const value = (head: number, y: number, x: number) => picture[(y * SIZE + x) * HEADS + head] ?? 0;
  const places = Array.from({ length: SIZE }, (_, i) => i);
  return Array.from({ length: HEADS }, (_, head) =>
    places.flatMap((y) => {
      const products = places.map((other) =>
        places.reduce((sum, x) => sum + value(head, y, x) * value(head, other, x), 0),
      );
      const total = products.reduce((sum, product) => sum + Math.exp(product), 0);
      return products.map((product) => Math.exp(product) / total);
    }),
  ).flat();
}

const args = () => ["activations", at("rows.npy"), "--model", at("attention.onnx"), "--layer", "attention"];

interface Report {
  readonly shape: number[];
  readonly head?: number;
  readonly strongest?: { readonly head: number; readonly max: number; readonly at: number[] }[];
}

describe("activations of attention heads", () => {
  test("keep the stored array, and list each head's largest value by row and column", async () => {
    const { shape, strongest } = await json<Report>([...args(), "--out", at("heads.npy")]);
    const stored = await readNpy(at("heads.npy"));
    expect([shape, [...stored.shape]]).toEqual([
      [HEADS, SIZE, SIZE],
      [HEADS, SIZE, SIZE],
    ]);
    const wanted = attention();
    for (const [i, value] of stored.data.entries()) expect(value).toBeCloseTo(wanted[i] ?? 0, 5);
    const largest = Array.from({ length: HEADS }, (_, head) => {
      const matrix = wanted.slice(head * SIZE ** 2, (head + 1) * SIZE ** 2);
      const max = Math.max(...matrix);
      const place = matrix.indexOf(max);
      return { head, max: expect.closeTo(max, 5), at: [Math.floor(place / SIZE), place % SIZE], order: max };
    }).sort((a, b) => b.order - a.order);
    expect(strongest).toEqual(largest.map(({ order, ...entry }) => entry));
  });

  test("are one matrix with --channel", async () => {
    const report = await json<Report>([...args(), "--channel", "1", "--out", at("head.npy")]);
    expect([report.head, report.shape]).toEqual([1, [SIZE, SIZE]]);
    const { data } = await readNpy(at("head.npy"));
    const wanted = attention().slice(SIZE ** 2, 2 * SIZE ** 2);
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(wanted[i] ?? 0, 5);
  });

  test("are drawn as matrices, whether all or one", async () => {
    for (const more of [[], ["--channel", "2"]]) {
      const { code, out } = await vitrine([...args(), ...more, "--out", at("heads.png")]);
      expect(code).toBe(0);
      expect(out).toMatch(more.length > 0 ? /attention, head 2, 6×6/ : /head \d: max 0\.\d+ at \d,\d/);
      const { width, height } = await readImage(at("heads.png"));
      expect(width).toBeGreaterThan(300);
      expect(height).toBeGreaterThan(300);
    }
  });

  test.each([
    [
      "a head that there is not",
      ["--channel", "3"],
      /one of the 3 heads of layer "attention" \(3×6×6\), got 3/,
    ],
    ["a mask", ["--channel", "0", "--threshold", "0.1"], /--threshold expects a layer whose maps lie over/],
    [
      "an overlay",
      ["--channel", "0", "--overlay", at("over.png")],
      /--overlay expects a layer whose maps lie/,
    ],
  ])("refuse %s", async (_, more, message) => {
    const { code, err } = await vitrine([...args(), ...more]);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });
});

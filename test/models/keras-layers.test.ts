import { describe, expect, test } from "vitest";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { expectClose } from "../reference/numbers.ts";
import { kerasLayer, modelOf, sequential, type Weight } from "./fixtures.ts";

const SHAPE = [4, 5, 2] as const;
const PICTURE = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * 1.7) * 3);
const at = (h: number, w: number, c: number) => PICTURE[(h * 5 + w) * 2 + c] ?? Number.NaN;
type Value = (h: number, w: number, c: number) => number;

/** Every value of an array of a shape, in order. */
const all = ([h, w, c]: readonly [number, number, number], value: Value): number[] =>
  Array.from({ length: h * w * c }, (_, i) => value(Math.floor(i / c / w), Math.floor(i / c) % w, i % c));

/** Values of one layer, "it", of a picture. */
async function valuesOf(className: string, config: Record<string, unknown>, weights: readonly Weight[] = []) {
  const topology = sequential([kerasLayer(className, "it", config)], SHAPE);
  const graph = await loadLayersModel(modelOf(topology, weights), { preprocessing: "none" });
  const network = await createNetwork(await testDevice(), graph);
  const { data } = await activations(network, PICTURE, { layer: graph.layers.at(-1)?.name ?? "" });
  network.destroy();
  return data;
}

/** A weight by a function of its index. */
const weight = (name: string, shape: readonly number[], value: (i: number) => number): Weight => ({
  name: `it/${name}`,
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});

/** Keys's cubic kernel with a = −½. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}

/** Weights of an axis's pixels for place i of its resized version, as TensorFlow's tf.image.resize has them. */
const KERNELS: Record<string, (d: number) => number> = {
  nearest: (d) => Number(d > -0.5 && d <= 0.5),
  bilinear: (d) => Math.max(0, 1 - Math.abs(d)),
  bicubic: cubic,
};

function resampled(name: string, from: number, to: number, i: number): number[] {
  const place = ((i + 0.5) * from) / to - 0.5;
  const weights = Array.from({ length: from }, (_, k) => KERNELS[name]?.(k - place) ?? 0);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

test.each(["nearest", "bilinear", "bicubic"])("resizing by %s", async (interpolation) => {
  const values = await valuesOf("Resizing", { height: 3, width: 7, interpolation });
  const expected = all([3, 7, 2], (h, w, c) => {
    const [rows, columns] = [resampled(interpolation, 4, 3, h), resampled(interpolation, 5, 7, w)];
    return rows.reduce(
      (sum, row, y) => sum + columns.reduce((part, column, x) => part + row * column * at(y, x, c), 0),
      0,
    );
  });
  expect(values.length).toBe(42);
  expectClose(values, expected, 1e-5);
});

describe("layers are computed as Keras describes them", () => {
  test("batch normalisation along rows", async () => {
    const values = await valuesOf("BatchNormalization", { axis: 1, epsilon: 0.01 }, [
      weight("gamma", [4], (i) => i + 1),
      weight("beta", [4], (i) => 2 - i),
      weight("moving_mean", [4], (i) => i / 2),
      weight("moving_variance", [4], (i) => i + 0.5),
    ]);
    const expected: Value = (h, w, c) =>
      ((at(h, w, c) - h / 2) / Math.sqrt(h + 0.5 + 0.01)) * (h + 1) + (2 - h);
    expectClose(values, all(SHAPE, expected), 1e-5);
  });

  test("a convolution in two groups", async () => {
    const values = await valuesOf("Conv2D", { filters: 4, kernel_size: 1, groups: 2, use_bias: false }, [
      weight("kernel", [1, 1, 1, 4], (i) => i + 1),
    ]);
    // Filters 0 and 1 see channel 0, filters 2 and 3 channel 1.
    expectClose(
      values,
      all([4, 5, 4], (h, w, c) => at(h, w, c < 2 ? 0 : 1) * (c + 1)),
      1e-5,
    );
  });

  test("a transposed convolution whose output is longer by output_padding", async () => {
    const values = await valuesOf(
      "Conv2DTranspose",
      { filters: 1, kernel_size: 3, strides: 2, padding: "same", output_padding: 1, use_bias: false },
      [weight("kernel", [3, 3, 1, 2], (i) => i - 8)],
    );
    // Each pixel adds its values times the kernel; of the full 9×11, a row and a column at the beginning are cut.
    const full = new Float64Array(9 * 11);
    for (let h = 0; h < 4; h++)
      for (let w = 0; w < 5; w++)
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++)
            for (let c = 0; c < 2; c++) {
              const place = (2 * h + i) * 11 + 2 * w + j;
              full[place] = (full[place] ?? 0) + at(h, w, c) * ((i * 3 + j) * 2 + c - 8);
            }
    const expected = all([8, 10, 1], (h, w) => full[h * 11 + w] ?? 0);
    expect(values.length).toBe(80);
    expectClose(values, expected, 1e-4);
  });
});

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

const clip = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
const erf = (x: number) => {
  // Simpson's rule over 2 / √π · exp(−t²).
  const n = 2000;
  const term = (i: number) =>
    (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-(((x * i) / n) ** 2));
  return (
    (2 / Math.sqrt(Math.PI)) *
    (x / n / 3) *
    Array.from({ length: n + 1 }, (_, i) => term(i)).reduce((a, b) => a + b, 0)
  );
};

test.each<[name: string, of: (x: number) => number]>([
  ["celu", (x) => (x > 0 ? x : Math.expm1(x))],
  ["elu", (x) => (x > 0 ? x : Math.expm1(x))],
  ["exponential", Math.exp],
  ["gelu", (x) => (x / 2) * (1 + erf(x / Math.SQRT2))],
  ["hard_sigmoid", (x) => clip(0.2 * x + 0.5, 0, 1)],
  ["hard_silu", (x) => (x * clip(x + 3, 0, 6)) / 6],
  ["hard_swish", (x) => (x * clip(x + 3, 0, 6)) / 6],
  ["hard_tanh", (x) => clip(x, -1, 1)],
  ["leaky_relu", (x) => Math.max(x, 0.2 * x)],
  ["log_sigmoid", (x) => -Math.log1p(Math.exp(-x))],
  ["mish", (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  ["selu", (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
  ["silu", (x) => x / (1 + Math.exp(-x))],
  ["softplus", (x) => Math.log1p(Math.exp(x))],
  ["softsign", (x) => x / (1 + Math.abs(x))],
])("activation %s", async (name, of) => {
  const values = await valuesOf("Activation", { activation: name });
  expectClose(values, Array.from(PICTURE, of), 1e-4);
});

test("a hard sigmoid is that of the Keras that saved it", async () => {
  const layer = kerasLayer("Activation", "it", { activation: "hard_sigmoid" });
  for (const [version, slope] of [
    ["2.15.0", 0.2],
    ["3.3.3", 1 / 6],
    ["tfjs-layers 4.22.0", 0.2],
  ] as const) {
    const topology = { ...sequential([layer], SHAPE), keras_version: version };
    const { layers } = await loadLayersModel(modelOf(topology, []));
    expect(layers[1]).toMatchObject({ activation: { kind: "hardSigmoid", alpha: slope, beta: 0.5 } });
  }
});

/** Mean of some values, and the mean of their squares' distance from it. */
const momentsOf = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
};

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

  test("layer normalisation over pixels of each channel", async () => {
    const values = await valuesOf("LayerNormalization", { axis: [1, 2], epsilon: 0.01 }, [
      weight("gamma", [4, 5], (i) => i + 1),
      weight("beta", [4, 5], (i) => 2 - i),
    ]);
    const moments = [0, 1].map((c) => momentsOf(all([4, 5, 1], (h, w) => at(h, w, c))));
    const expected: Value = (h, w, c) => {
      const { mean = 0, variance = 1 } = moments[c] ?? {};
      const i = h * 5 + w;
      return ((at(h, w, c) - mean) / Math.sqrt(variance + 0.01)) * (i + 1) + 2 - i;
    };
    expectClose(values, all(SHAPE, expected), 1e-4);
  });

  test.each([1, 2, -1])("group normalisation in %d groups", async (groups) => {
    const values = await valuesOf("GroupNormalization", { groups, epsilon: 0.01, center: false }, [
      weight("gamma", [2], (i) => i + 2),
    ]);
    const { mean, variance } = momentsOf(all(SHAPE, at));
    const own = [0, 1].map((c) => momentsOf(all([4, 5, 1], (h, w) => at(h, w, c))));
    const expected: Value = (h, w, c) => {
      const moments = groups === 1 ? { mean, variance } : (own[c] ?? { mean, variance });
      return ((at(h, w, c) - moments.mean) / Math.sqrt(moments.variance + 0.01)) * (c + 2);
    };
    expectClose(values, all(SHAPE, expected), 1e-4);
  });

  test("unit normalisation", async () => {
    const expected: Value = (h, w, c) => at(h, w, c) / Math.hypot(at(h, w, 0), at(h, w, 1));
    expectClose(await valuesOf("UnitNormalization", {}), all(SHAPE, expected), 1e-5);
  });

  test("softmax over rows", async () => {
    const sum = (w: number, c: number) => [0, 1, 2, 3].reduce((s, h) => s + Math.exp(at(h, w, c)), 0);
    const expected: Value = (h, w, c) => Math.exp(at(h, w, c)) / sum(w, c);
    expectClose(await valuesOf("Softmax", { axis: 1 }), all(SHAPE, expected), 1e-5);
  });

  test("a ReLU of every option", async () => {
    const expected = Array.from(PICTURE, (x) => (x >= 1.5 ? 1.5 : x >= 0.5 ? x : 0.1 * (x - 0.5)));
    const values = await valuesOf("ReLU", { max_value: 1.5, threshold: 0.5, negative_slope: 0.1 });
    expectClose(values, expected, 1e-5);
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

import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import { type CppnOptions, cppnImage } from "../../../src/optimise/image/cppn.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";
import { numbers } from "../../reference/numbers.ts";
import { drawnOf, expectAlone, expectGolden, expectSlope, withImage } from "./site.ts";

/** Parameters of a network of so many, small enough that sigmoids keep their slope. */
const small = (length: number) => numbers(length, 8).map((v) => v / 3);

const began = (options: CppnOptions, of: number[], seed: number, shape = [3, 4, 3] as const) =>
  withImage(cppnImage(options), { shape, of, seed }, (image, device) =>
    drawnOf(image, device, numbers(of.length * 3 * 4 * 3, 2)),
  );

describe("cppnImage", () => {
  test("draws and takes back what PyTorch computes of Lucid's definition", () =>
    expectGolden(cppnImage(), "cppn-5x7", [5, 7, 3]));

  test("the same with two layers of five neurons", () =>
    expectGolden(cppnImage({ layers: 2, neurons: 5 }), "cppn-4x4", [4, 4, 3]));

  test.each([
    ["more pixels than a workgroup adds at once", [20, 33, 3], { layers: 2, neurons: 4 }, 12 + 36 + 27],
    ["one channel", [6, 5, 1], { layers: 1, neurons: 3 }, 9 + 7],
    ["four channels, one row", [1, 9, 4], { layers: 1, neurons: 2 }, 6 + 20],
    ["one pixel", [1, 1, 3], { layers: 3, neurons: 3 }, 9 + 21 + 21 + 21],
  ] as const)("takes the exact gradient back: %s", (_, shape, options, size) =>
    expectSlope(cppnImage({ ...options, start: small(size) }), { shape }),
  );

  test("begins with one color; the last weights are zero", async () => {
    const { parameters, pixels } = await began({}, [0], 1);
    expect(parameters.length).toBe(72 + 7 * 1176 + 147);
    expect(parameters.slice(-147, -3).every((v) => v === 0)).toBe(true);
    for (let i = 3; i < pixels.length; i++) expect(pixels[i]).toBe(pixels[i % 3]);
    expect(new Set(pixels).size).toBe(3);
  });

  test("begins with weights of variance 1 / inputs within two deviations, and biases of 0.1", async () => {
    const { parameters } = await began({}, [0], 1);
    const spread = (values: Float32Array) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
    const layers = Array.from({ length: 7 }, (_, k) => parameters.slice(72 + 1176 * k, 72 + 1176 * (k + 1)));
    const weights = Float32Array.from(layers.flatMap((layer) => [...layer.slice(0, 1152)]));
    const biases = Float32Array.from(layers.flatMap((layer) => [...layer.slice(1152)]));
    expect(Math.abs(spread(weights) * Math.sqrt(48) - 1)).toBeLessThan(0.02);
    const most = Math.max(...weights.map(Math.abs)) * Math.sqrt(48) * 0.87962566;
    expect(most).toBeGreaterThan(1.95);
    expect(most).toBeLessThan(2.001);
    expect(Math.abs(spread(biases) / 0.1 - 1)).toBeLessThan(0.15);
    expect(Math.max(...biases.map(Math.abs))).toBeGreaterThan(0.201);
  });

  test("begins differently for each number and seed", async () => {
    const tiny = { layers: 1, neurons: 2 };
    const [one, again, number, seed] = [
      await began(tiny, [0], 1),
      await began(tiny, [0], 1),
      await began(tiny, [1], 1),
      await began(tiny, [0], 2),
    ];
    expect(again).toEqual(one);
    expect(number.parameters).not.toEqual(one.parameters);
    expect(seed.parameters).not.toEqual(one.parameters);
  });

  test("is the same, whatever the batch", () => expectAlone(cppnImage({ layers: 2, neurons: 6 }), [5, 4, 3]));

  test("leaves nothing behind", async () => {
    const device = await testDevice();
    await began({}, [0], 1);
    const { left, objects } = await liveBytes(device, () => began({}, [0], 1));
    expect([left, objects]).toEqual([0, 0]);
  });

  test.each([
    [{ layers: 0 }, /layers to be a whole number of 1 to 32, got 0/],
    [{ neurons: 65 }, /neurons to be a whole number of 1 to 64, got 65/],
    [{ start: [1, Number.NaN] }, /start of finite numbers, got NaN at 1/],
    [{ width: 3 } as object, /expected layers, neurons, start, got "width"/],
  ])("refuses %j", (options, message) => {
    expect(() => cppnImage(options)).toThrow(InputError);
    expect(() => cppnImage(options)).toThrow(message);
  });

  test("refuses a start of another size", async () => {
    const kind = cppnImage({ layers: 1, neurons: 2, start: [1, 2, 3] });
    const made = withImage(kind, { shape: [2, 2, 3] }, () => Promise.resolve());
    await expect(made).rejects.toThrow(
      /expected a start of 21 parameters for all images, or 2 times as many, got 3/,
    );
  });
});

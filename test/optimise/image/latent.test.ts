import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { latentImage } from "../../../src/optimise/image/latent.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";
import { numbers } from "../../reference/numbers.ts";
import { drawnOf, expectAlone, expectSlope, withImage } from "./site.ts";

const filters = numbers(4 * 4 * 3 * 2, 5).map((v) => v / 3);

/** A code of 8 numbers, as [2, 2, 2], to a picture of 4×4×3 by a transposed convolution and tanh. */
const generator: Graph = {
  name: "tiny generator",
  layers: [
    { op: "input", name: "code", inputs: [], shape: [2, 2, 2] },
    {
      op: "conv2dTranspose",
      name: "up",
      inputs: ["code"],
      w: { shape: [4, 4, 2, 3], data: filters },
      b: { shape: [3], data: Float32Array.of(0.1, -0.2, 0) },
      strides: [2, 2],
      dilations: [1, 1],
      padding: "same",
    },
    { op: "activation", name: "picture", inputs: ["up"], activation: { kind: "tanh" } },
  ],
  output: "picture",
  preprocessing: { mean: [0, 0, 0], std: [1, 1, 1], range: 1 } as never,
};

describe("latentImage", () => {
  test.each([
    ["the whole picture", [4, 4, 3], [-1, 1]],
    ["the middle of it", [2, 3, 3], [0, 255]],
  ] as const)("takes the exact gradient back: %s", (_, shape, output) =>
    expectSlope(latentImage(generator, { output, start: numbers(8, 3) }), { shape }),
  );

  test("is the same, whatever the batch", () =>
    expectAlone(latentImage(generator, { output: [-1, 1] }), [4, 4, 3]));

  test("puts the generator's black at 0 and its white at 1", async () => {
    const zero = { start: new Float32Array(8) };
    const given = numbers(2 * 48, 1);
    const pixelsOf = (output: readonly [number, number]) =>
      withImage(latentImage(generator, { output, ...zero }), { shape: [4, 4, 3] }, (image, device) =>
        drawnOf(image, device, given),
      );
    const { pixels } = await pixelsOf([-1, 1]);
    const { pixels: turned } = await pixelsOf([1, -1]);
    for (const [i, at] of [0.1, -0.2, 0].entries()) {
      expect(pixels[i]).toBeCloseTo(0.5 + Math.tanh(at) / 2, 6);
      expect(turned[i]).toBeCloseTo(0.5 - Math.tanh(at) / 2, 6);
    }
  });

  test("takes the middle of a larger picture", async () => {
    const kind = latentImage(generator, { output: [-1, 1], start: numbers(8, 3) });
    const pixelsOf = async (shape: readonly [number, number, number]) => {
      const drawn = await withImage(kind, { shape, of: [0] }, (image, device) =>
        drawnOf(image, device, numbers(shape[0] * shape[1] * shape[2], 1)),
      );
      return [...drawn.pixels];
    };
    expect(await pixelsOf([2, 4, 3])).toEqual((await pixelsOf([4, 4, 3])).slice(12, 36));
  });

  test("leaves nothing on the device", async () => {
    const device = await testDevice();
    const kind = latentImage(generator, { output: [-1, 1] });
    const held = await liveBytes(device, () => withImage(kind, { shape: [4, 4, 3] }, async () => {}));
    expect(held).toMatchObject({ left: 0, objects: 0 });
  });

  test("takes the range that the generator's file declares", () => {
    expect(() => latentImage(generator)).toThrow(/black and for white.*declares none/);
    expect(latentImage({ ...generator, outputRange: [-1, 1] }).range).toBe("unit");
  });

  test.each([
    ["too small a picture", [5, 4, 3], { output: [-1, 1] }, /pictures of at least 5×4×3, got 4×4×3/],
    [
      "other channels",
      [4, 4, 1],
      { output: [-1, 1] },
      /pictures of 1 channels, as the network takes them, got 3/,
    ],
    ["a code of another size", [4, 4, 3], { output: [-1, 1], start: [1, 2] }, /a start of 8 numbers.*got 2/],
    ["one color for both", [4, 4, 3], { output: [1, 1] }, /two numbers for black and for white/],
  ] as const)("refuses %s", async (_, shape, options, words) => {
    const use = async () => withImage(latentImage(generator, options), { shape }, async () => {});
    await expect(use()).rejects.toThrow(InputError);
    await expect(use()).rejects.toThrow(words);
  });
});

import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import { beforeColorSigmoid, DECORRELATED } from "../../../src/optimise/image/color.ts";
import { fourierImage } from "../../../src/optimise/image/fourier.ts";
import { frequenciesOf } from "../../../src/optimise/image/spectrum.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";
import { expectClose, numbers } from "../../reference/numbers.ts";
import { drawnOf, expectAlone, expectGolden, expectSlope, goldenImages, withImage } from "./site.ts";

describe("fourierImage", () => {
  test.each([
    [7, 5],
    [6, 8],
  ])("draws and takes back at %i×%i what PyTorch computes of Lucid's definition", (h, w) =>
    expectGolden(fourierImage(), `fourier-${h}x${w}`, [h, w, 3]),
  );

  test.each([
    ["of one channel", [5, 4, 1], {}],
    ["of four channels, in a network's unit", [3, 5, 4], { bounds: [-2, 3] }],
    ["without colors of their own", [4, 4, 3], { color: "rgb", decay: 2 }],
    ["of one pixel", [1, 1, 3], { sd: 1 }],
  ] as const)("takes the exact gradient back, %s", (_, shape, options) =>
    expectSlope(fourierImage({ sd: 0.1, ...options }), { shape }),
  );

  test("begins with normal numbers of the deviation that is asked, another for each number and seed", async () => {
    const began = (of: number[], seed: number, sd?: number) =>
      withImage(fourierImage({ sd }), { shape: [32, 32, 3], of, seed }, async (image, device) => {
        const { parameters } = await drawnOf(image, device, new Float32Array(of.length * 32 * 32 * 3));
        return parameters;
      });
    const values = await began([0], 1);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(6e-4);
    expect(Math.abs(sd / 0.01 - 1)).toBeLessThan(0.05);
    expect(await began([0], 1)).toEqual(values);
    expect(await began([0], 2)).not.toEqual(values);
    expect(await began([1], 1)).not.toEqual(values);
    expectClose(
      await began([0], 1, 0.1),
      values.map((v) => 10 * v),
      1e-5,
    );
  });

  test("begins with a spectrum, for all images or each", async () => {
    const right = goldenImages("fourier-7x5");
    const both = right("parameters");
    const one = both.slice(0, both.length / 2);
    const start = (given: Float32Array) =>
      withImage(fourierImage({ start: given }), { shape: [7, 5, 3] }, (image, device) =>
        drawnOf(image, device, right("pixelGradient")),
      );
    expect((await start(both)).parameters).toEqual(both);
    expectClose((await start(both)).pixels, right("pixels"), 2e-6);
    expect((await start(one)).parameters).toEqual(Float32Array.of(...one, ...one));
  });

  test.each([
    [[7, 5, 3], {}],
    [[6, 8, 3], { color: "rgb" }],
    [[4, 5, 2], { bounds: [-3, 1] }],
  ] as const)("draws the picture that it begins with, of %j with %j", async (shape, options) => {
    const [low, high] = "bounds" in options ? options.bounds : [0, 1];
    const picture = numbers(2 * shape[0] * shape[1] * shape[2], 5).map(
      (v) => low + (high - low) * (0.5 + 0.45 * v),
    );
    const { pixels } = await withImage(fourierImage({ ...options, picture }), { shape }, (image, device) =>
      drawnOf(image, device, picture),
    );
    expectClose(pixels, picture, 2e-6);
  });

  test("takes black and white for a thousandth away from them", async () => {
    const picture = Float32Array.of(0, 1, 0.5, 2, -1, 0.25);
    const { pixels } = await withImage(
      fourierImage({ picture }),
      { shape: [1, 2, 3], of: [0] },
      (image, device) => drawnOf(image, device, picture),
    );
    expectClose(pixels, [0.001, 0.999, 0.5, 0.999, 0.001, 0.25], 1e-5);
  });

  test("is the same, whatever the batch", () => expectAlone(fourierImage(), [6, 5, 3]));

  test("leaves nothing behind, made or refused", async () => {
    const device = await testDevice();
    const { left, objects } = await liveBytes(device, async () => {
      await withImage(fourierImage(), { shape: [6, 5, 3] }, (image) =>
        drawnOf(image, device, new Float32Array(180)),
      );
      const refused = withImage(fourierImage({ start: [1] }), { shape: [6, 5, 3] }, async () => {});
      await expect(refused).rejects.toThrow(InputError);
    });
    expect([left, objects]).toEqual([0, 0]);
  });

  test("its colors are Lucid's", () => {
    const lucid = [0.5628, 0.1948, 0.0433, 0.5845, 0, -0.1082, 0.5845, -0.1948, 0.0649];
    expectClose(Float32Array.from(DECORRELATED.flat()), lucid, 2e-4);
    const z = beforeColorSigmoid([0.2, 0.7, 0.4], { bounds: [0, 1], matrix: DECORRELATED });
    const again = DECORRELATED.map((row) => row.reduce((sum, m, i) => sum + m * (z[i] ?? 0), 0));
    expectClose(
      Float32Array.from(again, (v) => 1 / (1 + Math.exp(-v))),
      [0.2, 0.7, 0.4],
      1e-6,
    );
  });

  test("its frequencies are those of rfft2, from the lowest that the longer side has", () => {
    const found = frequenciesOf(4, 5);
    const right = [0, 1, 2, 1].flatMap((fy) =>
      [0, 1, 2].map((fx) => Math.max(Math.hypot(fy / 4, fx / 5), 1 / 5)),
    );
    expectClose(Float32Array.from(found), right, 1e-6);
  });

  test.each([
    ["a decay that is no number", { decay: Number.NaN }, /decay of -8 to 8, got NaN/],
    ["a negative deviation", { sd: -1 }, /sd of at least 0, got -1/],
    ["a color space that there is not", { color: "lab" }, /"decorrelated", "rgb", got "lab"/],
    ["bounds the wrong way round", { bounds: [1, 0] }, /low < high, got \[1,0\]/],
    ["one bound", { bounds: [1] }, /low < high/],
    ["a start and a picture", { start: [1], picture: [1] }, /a start or a picture, got both/],
    ["a start that is not finite", { start: [1, Number.NaN] }, /start of finite numbers, got NaN at 1/],
    ["a start without numbers", { start: [] }, /start to be an array of numbers/],
    ["an option that there is not", { decays: 1 }, /got "decays"; did you mean "decay"/],
  ])("refuses %s", (_, options, message) => {
    expect(() => fourierImage(options as never)).toThrow(InputError);
    expect(() => fourierImage(options as never)).toThrow(message);
  });

  test.each([
    ["start", { start: new Float32Array(7) }, /a start \(spectrum\) of 48 numbers .* 4×3×3, or 2 times/],
    ["picture", { picture: new Float32Array(35) }, /a picture of 36 numbers .*, got 35/],
  ])("refuses a %s of another size", async (_, options, message) => {
    const made = withImage(fourierImage(options), { shape: [4, 3, 3] }, async () => {});
    await expect(made).rejects.toThrow(InputError);
    await expect(made).rejects.toThrow(message);
  });
});

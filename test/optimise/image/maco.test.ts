import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../../src/gpu/tensor.ts";
import { createIrfft2 } from "../../../src/kernels/fft.ts";
import { DECORRELATED } from "../../../src/optimise/image/color.ts";
import { macoImage } from "../../../src/optimise/image/maco.ts";
import { naturalMagnitude, resizeMagnitude, spectrumOf } from "../../../src/optimise/image/magnitude.ts";
import { testDevice } from "../../gpu.ts";
import { submit } from "../../layers/run.ts";
import { liveBytes } from "../../live-bytes.ts";
import { expectClose, inner, numbers } from "../../reference/numbers.ts";
import { rfft2 } from "../../reference/spectrum.ts";
import { drawnOf, expectAlone, expectGolden, expectSlope, goldenImages, withImage } from "./site.ts";

/** The same magnitude at every frequency. */
const FLAT = { shape: [1, 2, 1], data: Float32Array.of(1, 1) };

describe("macoImage", () => {
  test.each([
    [7, 5],
    [6, 8],
  ])("draws and takes back at %i×%i what PyTorch computes of the paper's definition", (h, width) => {
    const shape = [h, Math.floor(width / 2) + 1, 3];
    const magnitude = { shape, data: goldenImages(`maco-${h}x${width}`)("magnitude"), width };
    return expectGolden(macoImage({ magnitude, bounds: [-1, 1] }), `maco-${h}x${width}`, [h, width, 3]);
  });

  test.each([
    ["of an odd size", [7, 5, 3], {}],
    ["of one channel", [5, 4, 1], { magnitude: FLAT }],
    ["of many slices", [40, 41, 3], {}],
    ["without colors of their own", [4, 4, 3], { color: "rgb", bounds: [-2, 1] }],
  ] as const)("takes the exact gradient back, through both standardisations, %s", (_, shape, options) =>
    expectSlope(macoImage(options), { shape }, 2e-3),
  );

  test("does not depend on the unit of the magnitudes, nor on the mean and deviation of the phases", async () => {
    const data = naturalMagnitude(6, 8);
    const right = goldenImages("maco-6x8");
    const drawn = async (scale: number, phases: Float32Array) => {
      const magnitude = { shape: [6, 5, 3], data: data.map((value) => scale * value) };
      const kind = macoImage({ magnitude, start: phases });
      return withImage(kind, { shape: [6, 8, 3] }, (image, device) =>
        drawnOf(image, device, right("pixelGradient")),
      );
    };
    const phases = right("parameters");
    const { pixels, gradient } = await drawn(1, phases);
    const other = await drawn(
      500,
      phases.map((value) => 3 * value + 1),
    );
    expectClose(other.pixels, pixels, 1e-4);
    expectClose(
      other.gradient,
      gradient.map((value) => value / 3),
      1e-3,
    );
  });

  test("begins with phases of mean 0 and deviation 1, another for each number", async () => {
    const began = (of: number[]) =>
      withImage(macoImage(), { shape: [32, 32, 3], of }, async (image, device) => {
        const pixelGradient = new Float32Array(of.length * 32 * 32 * 3);
        return (await drawnOf(image, device, pixelGradient)).parameters;
      });
    const values = await began([0]);
    const mean =
      inner(
        values,
        values.map(() => 1),
      ) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(Math.abs(inner(values, values) / values.length - 1)).toBeLessThan(0.1);
    expect(await began([1])).not.toEqual(values);
  });

  test("sums what the objective looked at over the steps, and begins anew", async () => {
    const pixelGradient = numbers(2 * 6 * 5 * 3, 51);
    const means = Float32Array.from({ length: 60 }, (_, place) =>
      [0, 1, 2].reduce((sum, c) => sum + Math.abs(pixelGradient[3 * place + c] ?? 0) / 3, 0),
    );
    await withImage(macoImage(), { shape: [6, 5, 3] }, async (image, device) => {
      await drawnOf(image, device, pixelGradient);
      expectClose(await readTensor(device, image.transparency), means, 1e-6);
      const encoder = device.createCommandEncoder();
      image.back(encoder);
      image.back(encoder);
      device.queue.submit([encoder.finish()]);
      const three = means.map((value) => 3 * value);
      expectClose(await readTensor(device, image.transparency), three, 1e-6);
      await drawnOf(image, device, pixelGradient);
      expectClose(await readTensor(device, image.transparency), means, 1e-6);
    });
  });

  test("is the same, whatever the batch", () => expectAlone(macoImage(), [6, 5, 3]));

  test("leaves nothing behind, made or refused", async () => {
    const device = await testDevice();
    const { left, objects } = await liveBytes(device, async () => {
      await withImage(macoImage(), { shape: [6, 5, 3] }, (image) =>
        drawnOf(image, device, new Float32Array(180)),
      );
      const refused = withImage(macoImage({ start: [1, 2] }), { shape: [6, 5, 3] }, async () => {});
      await expect(refused).rejects.toThrow(InputError);
    });
    expect([left, objects]).toEqual([0, 0]);
  });

  test("stays finite where all phases are one", async () => {
    const { pixels, gradient } = await withImage(
      macoImage({ start: new Float32Array(4 * 3 * 3).fill(2) }),
      { shape: [4, 4, 3] },
      (image, device) => drawnOf(image, device, numbers(96, 52)),
    );
    expect([...pixels, ...gradient].every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["no magnitude", { magnitude: [1] }, /a magnitude \{ shape, data: Float32Array \}/],
    ["a magnitude without its numbers", { magnitude: { ...FLAT, shape: [2, 2, 1] } }, /with as many numbers/],
    ["a width of another shape", { magnitude: { ...FLAT, width: 4 } }, /width 2 or 3, .*1×2×1 .*got 4/],
    ["zeros", { magnitude: { ...FLAT, data: new Float32Array(2) } }, /got zeros only/],
    ["a negative magnitude", { magnitude: { ...FLAT, data: Float32Array.of(1, -1) } }, /got -1/],
    ["a negative deviation", { sd: -1 }, /sd of at least 0/],
    ["phases that are not finite", { start: [Number.POSITIVE_INFINITY] }, /start of finite numbers/],
  ])("refuses %s", (_, options, message) => {
    expect(() => macoImage(options as never)).toThrow(InputError);
    expect(() => macoImage(options as never)).toThrow(message);
  });

  test.each([
    ["other channels than three without a magnitude", {}, [4, 4, 1], UnsupportedError, /give a magnitude/],
    ["a magnitude of other channels", { magnitude: FLAT }, [4, 4, 3], InputError, /of 3 channels, got 1/],
    [
      "phases of another size",
      { start: [1, 2] },
      [4, 4, 3],
      InputError,
      /of 36 phases .*4×4×3, or 72, got 2/,
    ],
  ] as const)("refuses %s", async (_, options, shape, kind, message) => {
    const made = withImage(macoImage(options), { shape }, async () => {});
    await expect(made).rejects.toThrow(kind);
    await expect(made).rejects.toThrow(message);
  });
});

describe("magnitudes", () => {
  const pictureOf = (width: number, height: number, seed: number) => ({
    width,
    height,
    data: Uint8Array.from(numbers(width * height * 3, seed), (v) => Math.round(127.5 * (1 + v))),
  });

  test("of pictures are the mean |rfft2| of their decorrelated channels", async () => {
    const pictures = [pictureOf(6, 5, 61), pictureOf(6, 5, 62)];
    const mean = new Float64Array(5 * 4 * 3);
    for (const { data } of pictures) {
      // Decorrelated channels by Cramer's rule.
      const [a, b, c] = DECORRELATED.map((row) => [...row]) as [number[], number[], number[]];
      const det = (m: number[][]) => {
        const [p = [], q = [], r = []] = m;
        const at = (row: number[], i: number) => row[i] ?? Number.NaN;
        return (
          at(p, 0) * (at(q, 1) * at(r, 2) - at(q, 2) * at(r, 1)) -
          at(p, 1) * (at(q, 0) * at(r, 2) - at(q, 2) * at(r, 0)) +
          at(p, 2) * (at(q, 0) * at(r, 1) - at(q, 1) * at(r, 0))
        );
      };
      const x = Float64Array.from(data, (_, i) => {
        const rgb = [0, 1, 2].map((channel) => (data[i - (i % 3) + channel] ?? 0) / 255);
        const replaced = [a, b, c].map((row, k) =>
          row.map((value, j) => (j === i % 3 ? (rgb[k] ?? 0) : value)),
        );
        return det(replaced) / det([a, b, c]);
      });
      const z = rfft2(x, [1, 5, 6, 3]);
      for (let i = 0; i < mean.length; i++) {
        mean[i] = (mean[i] ?? 0) + Math.hypot(z[2 * i] ?? 0, z[2 * i + 1] ?? 0) / 2;
      }
    }
    const found = await spectrumOf(await testDevice(), pictures, { size: [5, 6] });
    expect(found.shape).toEqual([5, 4, 3]);
    expectClose(found.data, mean, 3e-6);
  });

  test("of pictures of any size are of one", async () => {
    const found = await spectrumOf(await testDevice(), [pictureOf(9, 4, 63), pictureOf(3, 3, 64)], {
      size: [4, 6],
      color: "rgb",
    });
    expect(found.shape).toEqual([4, 4, 3]);
    expect(found.data.every((value) => value > 0)).toBe(true);
  });

  test("of another size are interpolated by frequency, and the same where the size is", () => {
    const data = numbers(6 * 5 * 3, 65).map(Math.abs);
    expect(resizeMagnitude({ shape: [6, 5, 3], data }, 6, 8)).toEqual(data);
    // |fy| + fx is linear between neighbours, so that it stays what it is.
    const law = (h: number, w: number) => {
      const half = w / 2 + 1;
      return Float32Array.from({ length: h * half }, (_, i) => {
        const row = Math.floor(i / half);
        return Math.min(row, h - row) / h + (i % half) / w;
      });
    };
    expectClose(resizeMagnitude({ shape: [8, 5, 1], data: law(8, 8) }, 16, 12), law(16, 12), 1e-6);
    expectClose(resizeMagnitude({ shape: [8, 5, 1], data: law(8, 8) }, 4, 6), law(4, 6), 1e-6);
  });

  test("by the law fall by the powers that were measured, band by band", () => {
    const [h, w] = [64, 64];
    const data = naturalMagnitude(h, w);
    const at = (column: number, channel: number) => data[column * 3 + channel] ?? Number.NaN;
    const power = (from: number, to: number, channel: number) =>
      Math.log(at(from, channel) / at(to, channel)) / Math.log(to / from);
    expect(power(2, 3, 0)).toBeCloseTo(1.37, 4);
    expect(power(5, 9, 1)).toBeCloseTo(1.66, 4);
    expect(power(10, 19, 2)).toBeCloseTo(2.3, 4);
    expect(power(20, 32, 1)).toBeCloseTo(7.1, 4);
    const low = naturalMagnitude(1, 512).slice(0, 6);
    expectClose(
      low,
      Array.from(low, (_, i) => (low[0] ?? 0) * ([1, 1.07, 0.67][i % 3] ?? 0)),
      1e-6,
    );
  });

  test("by the law are those of pictures whose mean square is 1", async () => {
    const spectrum = naturalMagnitude(5, 6);
    const parts = Float32Array.from({ length: 2 * spectrum.length }, (_, i) =>
      i % 2 ? 0 : (spectrum[i / 2] ?? 0),
    );
    const device = await testDevice();
    const [x, y] = [
      createTensor(device, [1, 5, 4, 3, 2], { data: parts }),
      createTensor(device, [1, 5, 6, 3]),
    ];
    const irfft2 = await createIrfft2(device, { x, y });
    await submit(irfft2);
    const picture = await readTensor(device, y);
    for (const made of [irfft2, x.buffer, y.buffer]) made.destroy();
    expect(inner(picture, picture) / picture.length).toBeCloseTo(1, 5);
  });

  test.each([
    ["no picture", [], {}, /at least one picture/],
    ["a size that is none", [pictureOf(2, 2, 1)], { size: [0, 4] }, /at least 1×1, got 0×4/],
  ] as const)("refuse %s", async (_, pictures, options, message) => {
    const made = spectrumOf(await testDevice(), pictures, options);
    await expect(made).rejects.toThrow(InputError);
    await expect(made).rejects.toThrow(message);
  });
});

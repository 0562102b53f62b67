import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { type EfrosLeungOptions, efrosLeung } from "../../../src/techniques/synthesis/efros-leung.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";
import { growTexture, type Picture } from "../../reference/efros-leung.ts";
import { numbers } from "../../reference/numbers.ts";

let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice();
});

function picture(width: number, height: number, color: (x: number, y: number, c: number) => number): Pixels {
  const data = Uint8ClampedArray.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return color(pixel % width, Math.floor(pixel / width), i % 3);
  });
  return { width, height, data };
}

function rowsOf({ width, height, data }: Pixels): Picture {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)]),
  );
}

const noise = numbers(20 * 20 * 3, 6);
const SAMPLES: Readonly<Record<string, Pixels>> = {
  noise: picture(13, 11, (x, y, c) => 255 * Math.abs(noise[(y * 13 + x) * 3 + c] ?? 0)),
  "black and white noise": picture(12, 10, (x, y) => ((noise[y * 12 + x] ?? 0) > 0 ? 255 : 0)),
  bricks: picture(16, 12, (x, y, c) =>
    y % 4 === 0 || (x + (y % 8 < 4 ? 0 : 4)) % 8 === 0 ? 200 : 40 + 30 * c,
  ),
};

describe("Efros and Leung's texture", () => {
  test.each<[string, number, [number, number], EfrosLeungOptions]>([
    ["noise", 5, [9, 12], {}],
    ["black and white noise", 3, [11, 8], { seed: 3, errorThreshold: 0.5 }],
    ["bricks", 7, [14, 17], { seed: 4_000_000_000, errorThreshold: 0 }],
    // Nothing is near enough at first.
    ["black and white noise", 5, [8, 8], { seed: 5, maxErrorThreshold: 0.001 }],
  ])(
    "of %s, window %i, size %j, %j, is that of plain loops to the pixel",
    async (name, window, size, options) => {
      const sample = SAMPLES[name] as Pixels;
      const { pixels } = await efrosLeung(device, sample, { ...options, window, size });
      const expected = growTexture(rowsOf(sample), {
        ...{ size, window, seed: options.seed ?? 0 },
        tolerance: 1000 * (options.errorThreshold ?? 0.1),
        farthest: options.maxErrorThreshold ?? 0.3,
      });
      expect(rowsOf(pixels)).toEqual(expected);
    },
  );

  test("continues a regular pattern without a fault", async () => {
    const checks = picture(12, 12, (x, y) => (((x >> 1) + (y >> 1)) % 2 ? 230 : 20));
    const { pixels, rounds } = await efrosLeung(device, checks, { size: [20, 22], window: 7 });
    expect(rounds).toBeGreaterThanOrEqual(10);
    const rows = rowsOf(pixels);
    for (let y = 0; y < 18; y++) {
      for (let x = 0; x < 20; x++) {
        expect(rows[y]?.[x]).not.toEqual(rows[y + 2]?.[x]);
        expect(rows[y]?.[x]).not.toEqual(rows[y]?.[x + 2]);
      }
    }
  });

  test("has only colours of the sample, depends on the seed alone, and says how far it is", async () => {
    const sample = SAMPLES.noise as Pixels;
    const fractions: number[] = [];
    const grow = (seed: number) =>
      efrosLeung(device, sample, { size: [9, 9], window: 3, seed, onProgress: (f) => fractions.push(f) });
    const [one, same, other] = [await grow(1), await grow(1), await grow(2)];
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
    const known = new Set(rowsOf(sample).flat().map(String));
    for (const color of rowsOf(one.pixels).flat()) expect(known.has(String(color))).toBe(true);
    const third = fractions.length / 3;
    const first = fractions.slice(0, third);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(first.at(-1)).toBe(1);
  });

  test("is twice the sample's size, with a window that fits it, unless told otherwise", async () => {
    const tiny = picture(4, 6, (x, y) => 10 * x + y);
    const { pixels } = await efrosLeung(device, tiny);
    expect([pixels.width, pixels.height]).toEqual([8, 12]);
  });

  test("stops when it is told to, and leaves nothing behind", async () => {
    const controller = new AbortController();
    const { left, objects } = await liveBytes(device, async () => {
      const stopped = efrosLeung(device, SAMPLES.noise as Pixels, {
        size: [60, 60],
        signal: controller.signal,
        onProgress: (fraction) => {
          if (fraction > 0.02) controller.abort(new Error("enough"));
        },
      });
      await expect(stopped).rejects.toThrow("enough");
      await efrosLeung(device, SAMPLES.noise as Pixels, { size: [5, 5] });
    });
    expect([left, objects]).toEqual([0, 0]);
  });

  test.each<[EfrosLeungOptions, RegExp]>([
    [{ window: 4 }, /expected a window of an odd side from 3 to 61, got 4/],
    [{ window: 13 }, /expected a sample of at least the window's 13×13 pixels, got 13×11/],
    [{ size: [2, 9] }, /expected a size of at least 3×3/],
    [{ errorThreshold: Number.NaN }, /expected an errorThreshold of 0 to 1, got NaN/],
    [{ maxErrorThreshold: 0 }, /expected a maxErrorThreshold above 0/],
    [{ seed: 0.5 }, /expected a seed/],
  ])("refuses %j", async (options, message) => {
    const refused = efrosLeung(device, SAMPLES.noise as Pixels, options);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });

  test("refuses a sample of one pixel", async () => {
    const sample = picture(1, 1, () => 3);
    await expect(efrosLeung(device, sample)).rejects.toThrow(
      /expected a sample of at least 3×3 pixels, got 1×1/,
    );
  });
});

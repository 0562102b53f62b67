import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { withScope } from "../../../src/gpu/scope.ts";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { blur } from "../../../src/optimise/regularisers/blur.ts";
import { clip } from "../../../src/optimise/regularisers/clip.ts";
import {
  clipSmallContribution,
  clipSmallNorm,
  clipSmallValue,
} from "../../../src/optimise/regularisers/clip-small.ts";
import { decay } from "../../../src/optimise/regularisers/decay.ts";
import { project } from "../../../src/optimise/regularisers/project.ts";
import type { Regulariser } from "../../../src/optimise/regularisers/regulariser.ts";
import { yosinskiSettings } from "../../../src/optimise/regularisers/yosinski.ts";
import { testDevice } from "../../gpu.ts";
import { submitTo } from "../../layers/run.ts";
import { expectClose, numbers } from "../../reference/numbers.ts";

type Size = readonly [height: number, width: number, channels: number];

const SIZE: Size = [7, 5, 3];
const P = 7 * 5 * 3;
const IMAGES = 3;

/** Images of different scales, so that one that looked at another would be noticed. */
const x = numbers(IMAGES * P, 5).map((value, i) => value * 4 ** Math.floor(i / P));
const g = numbers(IMAGES * P, 6);

interface Site {
  readonly x: Float32Array;
  readonly g?: Float32Array;
  readonly images?: number;
  readonly shape?: Size;
}

/** What a regulariser makes of parameters. */
async function regularised(regulariser: Regulariser, site: Site): Promise<Float32Array> {
  const device = await testDevice();
  const { images = IMAGES, shape = SIZE } = site;
  return withScope(device, "regulariser test", async ({ tensor, command }) => {
    const size = [images, site.x.length / images];
    const parameters = tensor(size, { data: site.x });
    const gradient = tensor(size, { data: site.g ?? site.x });
    const step = tensor([1], { dtype: "u32" });
    submitTo(device, await command(regulariser.create({ device, parameters, gradient, shape, step })));
    return readTensor(device, parameters) as Promise<Float32Array>;
  });
}

/** Each image by itself, by a function of the whole of it. */
function each(of: (image: Float32Array, gradient: Float32Array) => ArrayLike<number>): Float32Array {
  const images = Array.from({ length: IMAGES }, (_, n) => [n * P, (n + 1) * P] as const);
  return Float32Array.from(images.flatMap(([a, b]) => Array.from(of(x.subarray(a, b), g.subarray(a, b)))));
}

/** NumPy's percentile: linear between the two nearest ranks. */
function percentileOf(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (percentile / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}

/** Sets what is small to 0: parameters where `channels` is 1, else pixels, by a magnitude of their elements. */
function withoutSmall(percentile: number, channels: number, magnitude: (elements: number[]) => number) {
  return (image: Float32Array): number[] => {
    const magnitudes = Array.from({ length: image.length / channels }, (_, pixel) =>
      magnitude(Array.from({ length: channels }, (_, c) => pixel * channels + c)),
    );
    const threshold = percentileOf(magnitudes, percentile);
    return Array.from(image, (value, i) =>
      (magnitudes[Math.floor(i / channels)] ?? 0) < threshold ? 0 : value,
    );
  };
}

describe("clip", () => {
  test.each([
    ["one range", -0.5, 0.25],
    ["a range a channel", [-0.1, -0.2, -0.3], [0.1, 0.4, 3]],
    ["a range a parameter", numbers(P, 2).map((v) => v - 1), numbers(P, 3).map((v) => v + 1)],
  ])("holds %s", async (_, low, high) => {
    const at = (bound: number | ArrayLike<number>, i: number): number =>
      typeof bound === "number" ? bound : (bound[i % bound.length] ?? 0);
    const right = x.map((value, i) => Math.min(Math.max(value, at(low, i)), at(high, i)));
    expect(await regularised(clip({ low, high }), { x })).toEqual(right);
    expect(right).not.toEqual(x);
  });

  test("brings back what is infinite, and hides nothing that is no number", async () => {
    const odd = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5);
    const found = await regularised(clip({ low: -1, high: 1 }), { x: odd, images: 1 });
    expect(found).toEqual(Float32Array.of(Number.NaN, 1, -1, 0.5));
  });

  test("comes before the drawing, or after the update", () => {
    expect(clip({ low: 0, high: 1 }).at).toBe("before");
    expect(clip({ low: 0, high: 1, at: "after" }).at).toBe("after");
  });

  test("refuses ranges that are none, or do not fit", async () => {
    expect(() => clip({ low: 1, high: 0 })).toThrow(InputError);
    expect(() => clip({ low: [0, 0, 0], high: 1 })).toThrow(/as many numbers/);
    expect(() => clip({ low: Number.NaN, high: 1 })).toThrow(InputError);
    expect(() => clip({ low: [], high: [] })).toThrow(InputError);
    expect(() => clip({ low: "0" as never, high: 1 })).toThrow(InputError);
    await expect(regularised(clip({ low: [0, 0], high: [1, 1] }), { x })).rejects.toThrow(InputError);
  });
});

describe("decay", () => {
  test("takes a share away", async () => {
    const found = await regularised(decay(0.3), { x });
    expectClose(
      found,
      x.map((value) => value * 0.7),
      1e-7,
    );
    expect(decay(0.3).at).toBe("after");
  });

  test("refuses shares of 1 and more, and below 0", () => {
    for (const share of [1, -0.1, Number.NaN]) expect(() => decay(share)).toThrow(InputError);
  });
});

describe("blur", () => {
  /** scipy.ndimage.gaussian_filter of one channel: cut at four standard deviations, mode "reflect", rows and columns. */
  function gaussian(image: ArrayLike<number>, [height, width, channels]: Size, sigma: number): Float64Array {
    const radius = Math.trunc(4 * sigma + 0.5);
    const tap = (k: number): number => Math.exp((-0.5 / (sigma * sigma)) * k * k);
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += tap(k);
    const inside = (place: number, length: number): number => {
      if (place < 0) return inside(-1 - place, length);
      return place < length ? place : inside(2 * length - 1 - place, length);
    };
    const y = new Float64Array(image.length);
    for (let i = 0; i < y.length; i++) {
      const [c, column] = [i % channels, Math.floor(i / channels) % width];
      const row = Math.floor(i / (channels * width));
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) {
          const place = (inside(row + dy, height) * width + inside(column + dx, width)) * channels + c;
          y[i] = (y[i] ?? 0) + ((tap(dy) * tap(dx)) / sum ** 2) * (image[place] ?? 0);
        }
      }
    }
    return y;
  }

  // A sigma of 3 reaches over twice the image's width.
  test.each([0.3, 0.7, 1, 3])("of %f is SciPy's", async (sigma) => {
    const found = await regularised(blur({ sigma }), { x });
    expectClose(
      found,
      each((image) => gaussian(image, SIZE, sigma)),
      1e-6,
    );
  });

  test("comes in every so many steps, from the first", () => {
    const { acts } = blur({ sigma: 1, every: 4 });
    expect([0, 1, 3, 4, 8].map((step) => acts?.(step, 100))).toEqual([true, false, false, true, true]);
  });

  test("refuses what it cannot blur", async () => {
    for (const sigma of [0, -1, 101, Number.NaN]) expect(() => blur({ sigma })).toThrow(InputError);
    for (const every of [0, 1.5]) expect(() => blur({ sigma: 1, every })).toThrow(InputError);
    const shape = [7, 5, 4] as const;
    await expect(regularised(blur({ sigma: 1 }), { x, shape })).rejects.toThrow(UnsupportedError);
  });
});

describe("clipping what is small", () => {
  const PERCENTILES = [0, 20, 50, 90, 100, 37.3];

  test.each(PERCENTILES)("values below percentile %f", async (percentile) => {
    const right = each((image) => withoutSmall(percentile, 1, ([i = 0]) => Math.abs(image[i] ?? 0))(image));
    expect(await regularised(clipSmallValue(percentile), { x, g })).toEqual(right);
  });

  test.each(PERCENTILES)("norms of pixels below percentile %f", async (percentile) => {
    const right = each((image) =>
      withoutSmall(percentile, 3, (of) => Math.hypot(...of.map((i) => image[i] ?? 0)))(image),
    );
    expect(await regularised(clipSmallNorm(percentile), { x, g })).toEqual(right);
  });

  test.each(PERCENTILES)(
    "contributions of pixels, without their sign, below percentile %f",
    async (percentile) => {
      const right = each((image, gradient) =>
        withoutSmall(percentile, 3, (of) =>
          Math.abs(of.reduce((sum, i) => sum + (gradient[i] ?? 0) * (image[i] ?? 0), 0)),
        )(image),
      );
      expect(await regularised(clipSmallContribution(percentile), { x, g })).toEqual(right);
    },
  );

  test("keeps equals together, and zeros", async () => {
    const equal = new Float32Array(P).fill(-2);
    expect(await regularised(clipSmallValue(60), { x: equal, images: 1 })).toEqual(equal);
    const halves = equal.map((value, i) => (i < 60 ? 0 : value));
    expect(await regularised(clipSmallValue(50), { x: halves, images: 1 })).toEqual(halves);
  });

  test("counts more than one slice, and magnitudes that differ in their last bits only", async () => {
    const shape = [90, 100, 1] as const;
    const bits = Uint32Array.from({ length: 9000 }, (_, i) => 0x3f800000 + ((i * 7919) % 9000));
    const near = new Float32Array(bits.buffer);
    const threshold = near.toSorted()[4500] ?? 0; // the median of 9000 lies half a step below
    const right = near.map((value) => (value < threshold ? 0 : value));
    expect(await regularised(clipSmallValue(50), { x: near, images: 1, shape })).toEqual(right);
  });

  test("comes to the same each time it is run, whatever it saw between", async () => {
    const device = await testDevice();
    await withScope(device, "regulariser test", async ({ tensor, command }) => {
      const parameters = tensor([IMAGES, P], { data: x });
      const gradient = tensor([IMAGES, P], { data: g });
      const step = tensor([1], { dtype: "u32" });
      const site = { device, parameters, gradient, shape: SIZE, step };
      const again = await command(clipSmallContribution(50).create(site));
      submitTo(device, again);
      const first = await readTensor(device, parameters);
      device.queue.writeBuffer(
        parameters.buffer,
        0,
        x.map((value) => 3 / value),
      );
      submitTo(device, again);
      device.queue.writeBuffer(parameters.buffer, 0, x);
      submitTo(device, again);
      expect(await readTensor(device, parameters)).toEqual(first);
    });
  });

  test("refuses percentiles that are none, and parameters that are no pixels", async () => {
    for (const one of [clipSmallValue, clipSmallNorm, clipSmallContribution]) {
      for (const percentile of [-1, 101, Number.NaN]) expect(() => one(percentile)).toThrow(InputError);
    }
    const shape = [7, 5, 4] as const;
    await expect(regularised(clipSmallNorm(50), { x, shape })).rejects.toThrow(UnsupportedError);
    await expect(regularised(clipSmallContribution(50), { x, shape })).rejects.toThrow(UnsupportedError);
    await regularised(clipSmallValue(50), { x, shape });
  });
});

describe("project", () => {
  const around = numbers(P, 8);

  test("holds every parameter within a cube", async () => {
    const found = await regularised(project({ around, radius: 0.25 }), { x });
    const right = each((image) =>
      image.map((value, i) => Math.min(Math.max(value, (around[i] ?? 0) - 0.25), (around[i] ?? 0) + 0.25)),
    );
    expectClose(found, right, 1e-7);
  });

  test("brings an image to the edge of a ball, and leaves one that is inside", async () => {
    const norms = Array.from({ length: IMAGES }, (_, n) =>
      Math.hypot(...x.subarray(n * P, (n + 1) * P).map((value, i) => value - (around[i] ?? 0))),
    );
    const radius = ((norms[0] ?? 0) + (norms[1] ?? 0)) / 2;
    const found = await regularised(project({ around, radius, norm: "l2" }), { x });
    let n = 0;
    const right = each((image) => {
      const share = Math.min(1, radius / (norms[n++] ?? 0));
      return image.map((value, i) => (around[i] ?? 0) + share * (value - (around[i] ?? 0)));
    });
    expectClose(found, right, 1e-6);
    expect(found.subarray(0, P)).toEqual(x.subarray(0, P));
  });

  test("takes a centre for each image", async () => {
    const centres = numbers(IMAGES * P, 9);
    for (const norm of ["linf", "l2"] as const) {
      expect(await regularised(project({ around: centres, radius: 0, norm }), { x })).toEqual(centres);
    }
  });

  test("refuses what is no ball", async () => {
    expect(() => project({ around: 0, radius: -1 })).toThrow(InputError);
    expect(() => project({ around: Number.NaN, radius: 1 })).toThrow(InputError);
    await expect(regularised(project({ around: [0, 1], radius: 1 }), { x })).rejects.toThrow(InputError);
  });
});

describe("an image of a batch", () => {
  test.each([
    ["blur", blur({ sigma: 1 })],
    ["small values", clipSmallValue(40)],
    ["small norms", clipSmallNorm(40)],
    ["small contributions", clipSmallContribution(40)],
    ["a ball", project({ around: 0, radius: 1, norm: "l2" })],
  ])("is what it is by itself, to the bit: %s", async (_, regulariser) => {
    const together = await regularised(regulariser, { x, g });
    const [a, b] = [P, 2 * P];
    const alone = await regularised(regulariser, { x: x.slice(a, b), g: g.slice(a, b), images: 1 });
    expect(together.subarray(a, b)).toEqual(alone);
  });

  test("is not harmed by another that is NaN", async () => {
    const spoilt = x.map((value, i) => (i < P ? Number.NaN : value));
    for (const one of [
      blur({ sigma: 1 }),
      clipSmallNorm(40),
      project({ around: 0, radius: 1, norm: "l2" }),
    ]) {
      const found = await regularised(one, { x: spoilt, g });
      expect(found.subarray(P)).toEqual((await regularised(one, { x, g })).subarray(P));
    }
  });
});

describe("Yosinski's settings", () => {
  test("are the authors' in their own unit", () => {
    const caffe = { range: 1, mean: [123, 117, 104], std: [1, 1, 1], source: "test" } as const;
    const settings = yosinskiSettings(caffe);
    const told = Object.entries(settings).map(([name, { steps, noise, optimiser, regularisers }]) => [
      ...[name, steps, noise, optimiser.name],
      regularisers.map((one) => one.name).join(", "),
    ]);
    expect(told).toEqual([
      [
        "blurAndNorm",
        499,
        10,
        "normalised gradient (progress), rate 2",
        "clip, blur 0.5 every 4 steps, pixels of small norm, 50 %",
      ],
      ["decayAndNorm", 749, 10, "gradient ascent, rate 100", "clip, decay 0.3, pixels of small norm, 20 %"],
      ["blur", 999, 10, "gradient ascent, rate 100", "clip, decay 0.0001, blur 1 every 4 steps"],
      [
        "blurAndContribution",
        999,
        10,
        "normalised gradient (progress), rate 2",
        "clip, blur 0.5 every 4 steps, pixels of small contribution, 90 %",
      ],
    ]);
  });

  test("clip to what a picture can hold", async () => {
    const preprocessing = {
      range: 255,
      mean: [0.5, 0.4, 0.3],
      std: [0.25, 0.2, 0.1],
      source: "test",
    } as const;
    const [clipped] = yosinskiSettings(preprocessing).blur.regularisers;
    if (!clipped) throw new Error("expected a clip");
    const far = x.map((value) => 1000 * value);
    const found = await regularised(clipped, { x: far });
    const right = far.map((value, i) => {
      const [mean, std] = [[0.5, 0.4, 0.3][i % 3] ?? 0, [0.25, 0.2, 0.1][i % 3] ?? 1];
      return value < 0 ? -mean / std : (1 - mean) / std;
    });
    expectClose(found, right, 1e-6);
  });
});

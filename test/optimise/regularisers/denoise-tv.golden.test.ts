import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { withScope } from "../../../src/gpu/scope.ts";
import { readTensor, type Tensor } from "../../../src/gpu/tensor.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { denoiseTv } from "../../../src/optimise/regularisers/denoise-tv.ts";
import type { Regulariser } from "../../../src/optimise/regularisers/regulariser.ts";
import { testDevice } from "../../gpu.ts";
import { submitTo } from "../../layers/run.ts";
import { relativeDistance } from "../../reference/numbers.ts";

const SHAPE = [21, 34, 3] as const;
const archive = "test/golden/denoise_tv.npz";
const golden = new Map(
  arraysOf(readFileSync(archive), archive).map(({ name, array }) => [name, Float32Array.from(array.data)]),
);
const image = golden.get("image") ?? new Float32Array();
const cases = [...golden.keys()].filter((name) => name !== "image");

/** What a regulariser makes of images [images, …SHAPE] when it is recorded so many times, a step each. */
async function regularised(
  regulariser: Regulariser,
  x: Float32Array,
  { times = 1, first = 0, shape = SHAPE as readonly [number, number, number] } = {},
): Promise<Float32Array> {
  const device = await testDevice();
  return withScope(device, "denoising test", async ({ tensor, command }) => {
    const [height, width, channels] = shape;
    const size = height * width * channels;
    const parameters: Tensor = tensor([Math.max(1, Math.floor(x.length / size)), Math.min(size, x.length)], {
      data: x,
    });
    const step = tensor([1], { dtype: "u32", data: Uint32Array.of(first) });
    const made = await command(regulariser.create({ device, parameters, gradient: parameters, shape, step }));
    for (let k = 0; k < times; k++) submitTo(device, made);
    return readTensor(device, parameters) as Promise<Float32Array>;
  });
}

describe("denoiseTv", () => {
  test.each(cases)("is scikit-image's, weight/sweeps %s", async (name) => {
    const [weight = 0, sweeps = 0] = name.split("/").map(Number);
    const right = golden.get(name) ?? new Float32Array();
    const found = await regularised(denoiseTv({ weight, sweeps }), image);
    expect(relativeDistance(found, right)).toBeLessThan(2e-6);
    expect(relativeDistance(image, right)).toBeGreaterThan(1e-3);
  });

  test("is the same in another unit, by 255 times the weight", async () => {
    const right = golden.get("0.4/30") ?? new Float32Array();
    const unit = image.map((value) => value / 255);
    const found = await regularised(denoiseTv({ weight: 255 * 0.4, sweeps: 30 }), unit);
    expect(
      relativeDistance(
        found.map((value) => value * 255),
        right,
      ),
    ).toBeLessThan(2e-6);
  });

  test("takes each image by itself, and begins anew each time", async () => {
    const two = denoiseTv({ weight: 0.4, sweeps: 2 });
    const other = image.map((value) => 255 - value);
    const alone = await regularised(two, other);
    const beside = await regularised(two, Float32Array.of(...image, ...other));
    expect(beside.subarray(image.length)).toEqual(alone);
    expect(beside.subarray(0, image.length)).toEqual(await regularised(two, image));
    expect(await regularised(two, image, { times: 2 })).toEqual(
      await regularised(two, await regularised(two, image)),
    );
  });

  test("has a weight for each step", async () => {
    const falling = denoiseTv({ weight: { from: 2, to: 0.4, steps: 3 }, sweeps: 2 });
    const at = (first: number) => regularised(falling, image, { first });
    const constant = (weight: number) => regularised(denoiseTv({ weight, sweeps: 2 }), image);
    expect(await at(0)).toEqual(await constant(2));
    expect(await at(2)).toEqual(await constant(0.4));
    expect(await at(9)).toEqual(await constant(0.4));
    expect(await at(1)).not.toEqual(await at(0));
  });

  test("refuses what is out of range, or no picture", async () => {
    expect(() => denoiseTv({ weight: 0 })).toThrow(InputError);
    expect(() => denoiseTv({ weight: 1, sweeps: 0 })).toThrow(/1 to 1000 sweeps/);
    expect(() => denoiseTv({ weight: 1, sweeps: 1.5 })).toThrow(InputError);
    expect(denoiseTv({ weight: 1 }).at).toBe("after");
    const one = regularised(denoiseTv({ weight: 1 }), image, { shape: [1, 714, 3] });
    await expect(one).rejects.toThrow(/at least 2 pixels a side/);
    await expect(regularised(denoiseTv({ weight: 1 }), image.subarray(3))).rejects.toThrow(UnsupportedError);
  });
});

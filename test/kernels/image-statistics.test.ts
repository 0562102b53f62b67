import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createSteps } from "../../src/gpu/steps.ts";
import { createTensor, readTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import { createImageStatistics, planImageStatistics } from "../../src/kernels/image-statistics.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { numbers } from "../reference/numbers.ts";
import { expectStatistics, statisticsOf } from "../reference/statistics.ts";

/** A device that the plan takes for a GPU or for a processor. */
function planner(kind: "gpu" | "software"): GPUDevice {
  return { adapterInfo: { isFallbackAdapter: kind === "software" } } as GPUDevice;
}

async function run(data: Float32Array, shape: Shape, kind: "gpu" | "software"): Promise<Float32Array> {
  const device = await testDevice();
  const x = createTensor(device, shape, { data });
  const y = createTensor(device, [7, shape[0] ?? 0, shape.at(-1) ?? 0]);
  const command = await createSteps(device, "test", planImageStatistics(planner(kind), { x, y }));
  await submit(command);
  const values = await readTensor(device, y);
  command.destroy();
  for (const { buffer } of [x, y]) buffer.destroy();
  return values;
}

/** The numbers of image n of a batch as statistics of its channels, and the places of the maxima. */
function ofImage(y: Float32Array, n: number, [images = 0, ...rest]: Shape) {
  const channels = rest.at(-1) ?? 0;
  const row = (field: number) =>
    Array.from(y.subarray((field * images + n) * channels).subarray(0, channels));
  const offset = row(1);
  const statistics = {
    count: sizeOf(rest) / channels,
    mean: row(0).map((base, c) => base + (offset[c] ?? 0)),
    m2: row(2),
    min: row(3),
    max: row(4),
    zeros: row(5),
  };
  return { statistics, places: row(6) };
}

const SHAPES = fc.tuple(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 13 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 21 }),
);

describe("statistics of each image", () => {
  test.each(["gpu", "software"] as const)(
    "agree with naive loops at any shape, shared out as on a %s",
    (kind) =>
      forAll(fc.tuple(SHAPES, fc.integer({ min: 0, max: 1000 })), async ([shape, seed]) => {
        const data = numbers(sizeOf(shape), seed).map((v) => Math.max(0, v));
        const y = await run(data, shape, kind);
        const each = sizeOf(shape.slice(1));
        const channels = shape[3];
        for (let n = 0; n < shape[0]; n++) {
          const own = data.subarray(n * each, (n + 1) * each);
          const { statistics, places } = ofImage(y, n, shape);
          expectStatistics(statistics, statisticsOf(own, channels));
          for (const [c, place] of places.entries()) {
            const column = own.filter((_, i) => i % channels === c);
            expect(place).toBe(column.indexOf(Math.max(...column)));
          }
        }
      }),
  );

  test.each(["gpu", "software"] as const)(
    "keep a mean far from zero, shared out as on a %s",
    async (kind) => {
      const shape = [1, 40, 40, 3];
      const data = numbers(sizeOf(shape), 5).map((v) => 1000 + v / 100);
      expectStatistics(ofImage(await run(data, shape, kind), 0, shape).statistics, statisticsOf(data, 3));
    },
  );

  test("are the same bits in whatever batch the image stands", async () => {
    const each = 11 * 7 * 6;
    const data = numbers(3 * each, 9);
    const together = await run(data, [3, 11, 7, 6], "gpu");
    const alone = await run(data.slice(each, 2 * each), [1, 11, 7, 6], "gpu");
    const rows = Array.from({ length: 7 }, (_, field) => [
      ...together.subarray((field * 3 + 1) * 6).subarray(0, 6),
    ]);
    expect(rows.flat()).toEqual([...alone]);
  });

  test("are of features without places too", async () => {
    const y = await run(new Float32Array([1, -2, 0, 4, 5, 0]), [2, 3], "gpu");
    const { statistics, places } = ofImage(y, 1, [2, 3]);
    expect(statistics).toEqual({
      count: 1,
      mean: [4, 5, 0],
      m2: [0, 0, 0],
      min: [4, 5, 0],
      max: [4, 5, 0],
      zeros: [0, 0, 1],
    });
    expect(places).toEqual([0, 0, 0]);
  });

  test("refuse another shape of y", async () => {
    const device = await testDevice();
    const x = createTensor(device, [2, 3, 3, 4]);
    const y = createTensor(device, [7, 1, 4]);
    await expect(createImageStatistics(device, { x, y })).rejects.toThrow(
      new InputError("image statistics: expected y of shape 7×2×4, f32, got 7×1×4, f32"),
    );
    for (const { buffer } of [x, y]) buffer.destroy();
  });
});

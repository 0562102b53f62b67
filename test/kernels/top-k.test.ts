import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import {
  createTopK,
  createTopKBuffer,
  readTopK,
  type TopEntry,
  type TopKOptions,
} from "../../src/kernels/top-k.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { numbers } from "../reference/numbers.ts";

interface Batch {
  readonly data: Float32Array;
  readonly images?: number;
}

/** Sorts everything. */
function reference(
  batches: readonly Batch[],
  shape: Shape,
  { k = 9, perImage, firstImage = 0 }: TopKOptions,
) {
  const [n = 0, h = 0, w = 0, c = 0] = shape;
  return Array.from({ length: c }, (_, channel) => {
    let first = firstImage;
    const all: TopEntry[] = [];
    for (const { data, images = n } of batches) {
      for (let i = 0; i < images * h * w; i++) {
        const [image, y, x] = [first + Math.floor(i / h / w), Math.floor(i / w) % h, i % w];
        all.push({ value: data[i * c + channel] ?? 0, image, y, x });
      }
      first += images;
    }
    all.sort((a, b) => b.value - a.value || a.image - b.image || a.y - b.y || a.x - b.x);
    const images = new Set<number>();
    const kept = all.filter(({ image }) => !perImage || (!images.has(image) && images.add(image)));
    return kept.slice(0, k);
  });
}

async function topK(batches: readonly Batch[], shape: Shape, options: TopKOptions) {
  const device = await testDevice();
  const top = createTopKBuffer(device, shape.at(-1) ?? 0, options.k);
  for (const { data, images } of batches) {
    const x = createTensor(device, shape, { data });
    const command = await createTopK(device, { x, top, ...options, ...(images ? { images } : {}) });
    await submit(command);
    command.destroy();
    x.buffer.destroy();
  }
  const result = await readTopK(device, top, shape, options);
  top.buffer.destroy();
  return result;
}

describe("top-k", () => {
  test("agrees with sorting, with many ties, over batches, the last of which is not full", () =>
    forAll(
      fc.tuple(
        fc.tuple(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 13 }),
          fc.integer({ min: 1, max: 9 }),
          fc.constantFrom(1, 3, 4, 8),
        ),
        fc.constantFrom(1, 3, 9, 40),
        fc.boolean(),
        fc.constantFrom(2, 1000),
        fc.integer({ min: 1, max: 3 }),
      ),
      async ([shape, k, perImage, levels, count]) => {
        const batches = Array.from({ length: count }, (_, i) => ({
          data: numbers(sizeOf(shape), i).map((v) => Math.round(v * levels) / levels + 0),
          images: i === count - 1 ? 1 : shape[0],
        }));
        const options = { k, perImage, firstImage: 5 };
        const { channels } = await topK(batches, shape, options);
        expect(channels).toEqual(reference(batches, shape, options));
      },
    ));

  test.each([false, true])("finds the largest among many, one an image: %s", async (perImage) => {
    const shape = [4, 40, 30, 5];
    const batches = [{ data: numbers(sizeOf(shape), 9) }, { data: numbers(sizeOf(shape), 10) }];
    const options = { k: 6, perImage };
    const { channels } = await topK(batches, shape, options);
    expect(channels).toEqual(reference(batches, shape, options));
  });

  test("passes over images where there are more than k", async () => {
    const shape = [9, 3, 2, 4];
    const data = numbers(sizeOf(shape), 21);
    const options = { k: 3, perImage: true };
    expect((await topK([{ data }], shape, options)).channels).toEqual(reference([{ data }], shape, options));
  });

  test("takes −0 for 0 and orders negative numbers", async () => {
    const data = new Float32Array([-0, 0, -3, -1, -2]);
    const { channels } = await topK([{ data }], [1, 1, 5, 1], { k: 4 });
    expect(channels[0]?.map(({ value, x }) => [value, x])).toEqual([
      [0, 0],
      [0, 1],
      [-1, 3],
      [-2, 4],
    ]);
  });

  test("says what cannot be", async () => {
    const device = await testDevice();
    const [x, top] = [createTensor(device, [2, 4]), createTopKBuffer(device, 4, 3)];
    await expect(createTopK(device, { x, top, k: 65 })).rejects.toThrow(InputError);
    await expect(createTopK(device, { x, top, label: "fc" })).rejects.toThrow(
      'top-k "fc": expected top of shape 4×28, u32, got 4×10, u32; make it with createTopKBuffer()',
    );
    for (const { buffer } of [x, top]) buffer.destroy();
  });
});

import { expect, test } from "vitest";
import { createTensor, readTensor, type Shape } from "../../src/gpu/tensor.ts";
import { createObjectiveGradient, packTerms } from "../../src/kernels/objective.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";

const EVERY = 0xffffffff;

async function gradientOf(shape: Shape, target: readonly number[]): Promise<number[]> {
  const device = await testDevice();
  const size = shape.reduce((product, axis) => product * axis, 1);
  const dy = createTensor(device, shape, { data: new Float32Array(size).fill(Number.NaN) });
  const [image = EVERY, y = EVERY, x = EVERY, channel = EVERY] = target;
  const packed = packTerms([{ kind: "sum", image, y, x, channel, mask: 0, weight: 1 }]);
  const terms = createTensor(device, [packed.length], { dtype: "u32", data: packed });
  const [a, unread] = [createTensor(device, shape), createTensor(device, [1])];
  const command = await createObjectiveGradient(device, {
    ...{ a, dy, terms, count: 1, accumulate: false, masks: unread, lse: unread, label: "layer" },
  });
  await submit(command);
  const values = await readTensor(device, dy);
  for (const made of [command, ...[a, dy, terms, unread].map(({ buffer }) => buffer)]) made.destroy();
  return [...values.entries()]
    .filter(([, value]) => value !== 0)
    .map(([index, value]) => (value === 1 ? index : Number.NaN));
}

test("the gradient of a sum of elements is 1 at one element", async () => {
  expect(await gradientOf([2, 3, 4, 5], [1, 2, 3, 4])).toEqual([119]);
  expect(await gradientOf([2, 3, 4, 5], [1, 0, 2, 1])).toEqual([60 + 11]);
});

test("a place left open means every index there", async () => {
  expect(await gradientOf([2, 2, 2, 3], [EVERY, EVERY, EVERY, 1])).toEqual([1, 4, 7, 10, 13, 16, 19, 22]);
  expect(await gradientOf([2, 2, 2, 3], [1, EVERY, 0, 2])).toEqual([14, 20]);
  expect(await gradientOf([1, 1, 2, 3], [EVERY, EVERY, EVERY, EVERY])).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a vector counts as one pixel", async () => {
  expect(await gradientOf([2, 7], [0, 0, 0, 6])).toEqual([6]);
  expect(await gradientOf([2, 700], [EVERY, EVERY, EVERY, 699])).toEqual([699, 1399]);
});

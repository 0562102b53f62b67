import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type ConcatLayer, concat } from "../../src/layers/concat.ts";
import { type Array64, upTo } from "../reference/array.ts";
import { build, inside } from "../reference/axes.ts";
import * as reference from "../reference/layout.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

function joined(axis: number, parts: readonly Array64[]): Array64 {
  const length = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return build((parts[0]?.shape ?? []).with(axis, length), (index) => {
    let place = index[axis] ?? 0;
    for (const part of parts) {
      const found = inside(part, index.with(axis, place));
      if (found !== undefined && place >= 0) return found;
      place -= part.shape[axis] ?? 0;
    }
    return Number.NaN;
  });
}

const layerOf = (axis: number): ConcatLayer => ({ op: "concat", name: "c", inputs: ["a", "b"], axis });

test("agrees with naive loops, forward and backward, along every axis", async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  await forAll(fc.tuple(IMAGES, fc.constantFrom(1, 2, 3), lengths), ([shape, axis, sizes]) => {
    const parts = sizes.map((size, seed) => random(shape.with(axis, size), seed + 1));
    return checkOp(concat, layerOf(axis), parts, { forward: (x) => reference.concat(axis, x) });
  });
});

test("joins arrays of any number of axes, along each", async () => {
  const axes = { 2: [2, 4], 3: [2, 3, 4], 6: [1, 2, 3, 2, 2, 3], 8: [2, 1, 2, 3, 1, 2, 2, 2] };
  for (const shape of Object.values(axes)) {
    for (const axis of [1, shape.length - 2, shape.length - 1].filter((one) => one > 0)) {
      const parts = [1, 3, 2].map((size, seed) => random(shape.with(axis, size), seed + 1));
      await checkOp(concat, layerOf(axis), parts, { forward: (x) => joined(axis, x) });
    }
  }
});

test("takes more than one workgroup, and the same input twice", async () => {
  const a = random([2, 4, 5, 17], 1);
  await checkOp(concat, layerOf(3), [a, random([2, 4, 5, 9], 2), a], {
    forward: (x) => reference.concat(3, x),
  });
});

test("joins vectors", async () => {
  const a = { shape: [2, 1], data: new Float32Array([1, 2]) };
  const b = { shape: [2, 3], data: new Float32Array([3, 4, 5, 6, 7, 8]) };
  const y = await runForward(concat, layerOf(1), [a, b]);
  expect(y.shape).toEqual([2, 4]);
  expect([...y.data]).toEqual([1, 3, 4, 5, 2, 6, 7, 8]);
  const dy = Float32Array.from(upTo(8));
  expect([...(await runBackward(concat, layerOf(1), [a, b], { dy, input: 1 }))]).toEqual([1, 2, 3, 5, 6, 7]);
});

test("the batch's axis and inputs that do not fit are refused", () => {
  expect(() =>
    concat.shape(layerOf(0), [
      [1, 2],
      [1, 2],
    ]),
  ).toThrow(InputError);
  expect(() =>
    concat.shape(layerOf(2), [
      [1, 2],
      [1, 2],
    ]),
  ).toThrow(/expected an axis of 1 to 1, got 2/);
  expect(() =>
    concat.shape(layerOf(1), [
      [1, 2, 3],
      [1, 2, 4],
    ]),
  ).toThrow(/agree but for axis 1/);
});

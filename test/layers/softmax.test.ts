import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { softmax } from "../../src/layers/softmax.ts";
import type { Array64 } from "../reference/array.ts";
import { build, element, reduced } from "../reference/axes.ts";
import * as reference from "../reference/normalise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runForward } from "./run.ts";

const layer = { op: "softmax", name: "s", inputs: ["x"] } as const;

const check = (shape: readonly number[], scale = 3): Promise<void> =>
  checkOp(softmax, layer, [random(shape, 1, scale)], { forward: ([x]) => reference.softmax(x as Array64) });

test("agrees with naive loops, forward and backward", () => forAll(IMAGES, (shape) => check(shape)));

test("over any axis, and as a logarithm", async () => {
  for (const { shape, axis, log } of [
    { shape: [2, 7, 5, 3], axis: 1, log: false },
    { shape: [2, 3, 70, 4], axis: 2, log: true },
    { shape: [2, 4, 9], axis: 2, log: true },
    { shape: [2, 130], log: true },
  ]) {
    const along = axis ?? shape.length - 1;
    await checkOp(softmax, { ...layer, ...(axis ? { axis } : {}), log }, [random(shape, 1, 3)], {
      forward([x = { shape, data: new Float64Array() }]) {
        const sums = reduced(x, { axes: [along], keepDims: true }, (row) =>
          row.reduce((sum, value) => sum + Math.exp(value), 0),
        );
        return build(shape, (index) => {
          const score = element(x, index) - Math.log(element(sums, index));
          return log ? score : Math.exp(score);
        });
      },
    });
  }
});

test("large scores do not overflow the logarithm", async () => {
  const x = { shape: [1, 3], data: new Float32Array([1000, 1001, -1000]) };
  const { data } = await runForward(softmax, { ...layer, log: true }, [x]);
  const rest = Math.log(1 + Math.exp(-1));
  expect(data[0]).toBeCloseTo(-1 - rest, 5);
  expect(data[1]).toBeCloseTo(-rest, 5);
  expect(data[2]).toBeCloseTo(-2001 - rest, 2);
});

test.each([0, 2, -1, 0.5])("refuses axis %d of vectors", (axis) => {
  const shape = () => softmax.shape({ ...layer, axis }, [[2, 5]]);
  expect(shape).toThrow(InputError);
  expect(shape).toThrow(/softmax "s": expected an axis of 1 to 1 for x of shape 2×5, got/);
});

test.each([1, 2, 255, 256, 257, 1000])("normalises rows of %i classes", (classes) => check([2, classes]));

test("a largest score that is not the first does not overflow", async () => {
  const x = { shape: [1, 3], data: new Float32Array([-1000, 1000, 1000]) };
  expect([...(await runForward(softmax, layer, [x])).data]).toEqual([0, 0.5, 0.5]);
});

test("large scores do not overflow", async () => {
  const x = { shape: [2, 3], data: new Float32Array([1000, 1000, -1000, -5000, -5000, -5001]) };
  const y = await runForward(softmax, layer, [x]);
  const e = Math.exp(-1);
  for (const [i, expected] of [0.5, 0.5, 0, 1 / (2 + e), 1 / (2 + e), e / (2 + e)].entries()) {
    expect(y.data[i]).toBeCloseTo(expected, 6);
  }
});

test("takes more rows than a dispatch has workgroups along one dimension", async () => {
  const rows = 65_537;
  const data = new Float32Array(2 * rows);
  data[2 * (rows - 1)] = Math.log(3);
  const y = await runForward(softmax, layer, [{ shape: [rows, 2], data }]);
  expect(y.data.subarray(0, -2).every((value) => value === 0.5)).toBe(true);
  expect(y.data.at(-2)).toBeCloseTo(0.75, 6);
  expect(y.data.at(-1)).toBeCloseTo(0.25, 6);
});

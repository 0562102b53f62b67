import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type MultiplyLayer, multiply } from "../../src/layers/multiply.ts";
import { operandOf } from "../reference/broadcast.ts";
import * as reference from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runForward, type Values } from "./run.ts";

describe("multiply", () => {
  const layer: MultiplyLayer = { op: "multiply", name: "product", inputs: ["a", "b"] };
  const check = (...x: Values[]): Promise<void> =>
    checkOp(multiply, layer, x, { forward: reference.multiply });

  test("agrees with naive loops, forward and backward", () =>
    forAll(IMAGES, (shape) => check(random(shape, 1), random(shape, 2))));

  test("broadcasts either input over the pixels of its own image", () =>
    forAll(fc.tuple(IMAGES, fc.boolean()), ([shape, first]) => {
      const [n, , , c] = shape;
      const large = random(shape, 1);
      const small = random([n, 1, 1, c], 2);
      return first ? check(small, large) : check(large, small);
    }));

  test("repeats a vector of one value a channel, and not along the last axis but one", async () => {
    await check(random([2, 3, 4, 4], 1), random([2, 4], 2));
    await check(random([2, 4], 1), random([2, 3, 2, 4], 2));
    await check(random([3, 20], 1), random([3, 1, 1, 20], 2));
    expect(() =>
      multiply.shape(layer, [
        [2, 3, 4, 5],
        [2, 4],
      ]),
    ).toThrow(/multiply "product": .*, got 2×3×4×5, 2×4/);
  });

  test("multiplies vectors, more than one workgroup, a tensor by itself", async () => {
    await check(random([3, 7], 1), random([3, 7], 2));
    await check(random([2, 5, 4, 37], 1), random([2, 1, 1, 37], 2));
    const x = random([1, 2, 2, 3]);
    await check(x, x);
  });

  test("a factor of one image does not leak into the next", async () => {
    const a = { shape: [2, 1, 2, 1], data: new Float32Array([1, 2, 3, 4]) };
    const b = { shape: [2, 1, 1, 1], data: new Float32Array([10, 100]) };
    expect([...(await runForward(multiply, layer, [a, b])).data]).toEqual([10, 20, 300, 400]);
  });

  test("gates places by [N, H, W, 1], and repeats along any axes", async () => {
    await check(random([2, 3, 4, 5], 1), random([2, 3, 4, 1], 2));
    await check(random([2, 3, 4, 1], 1), random([2, 3, 4, 20], 2));
    await check(random([2, 3, 1, 5], 1), random([2, 1, 4, 5], 2));
    await check(random([1, 2, 3], 1), random([1, 4, 2, 3], 2));
  });

  test("multiplies several inputs, and by a constant", async () => {
    const x = [random([2, 3, 2, 5], 1), random([2, 3, 2, 1], 2), random([2, 5], 3), random([2, 3, 2, 5], 4)];
    await check(...x.slice(0, 3));
    await check(...x);
    for (const shape of [[], [5], [3, 1, 1], [3, 2, 5]]) {
      const constant = random(shape, 9, 2);
      for (const inputs of [x.slice(0, 1), x.slice(1, 3)]) {
        await checkOp(multiply, { ...layer, inputs: inputs.map(String), constant }, inputs, {
          forward: (factors) => reference.multiply([...factors, operandOf(constant)]),
        });
      }
    }
  });

  test.each([
    [
      [1, 2, 2, 3],
      [1, 2, 2, 2],
    ],
    [
      [2, 2, 2, 3],
      [1, 1, 1, 3],
    ],
    [
      [1, 3],
      [1, 2],
    ],
  ])("%j by %j is refused", (a, b) => {
    expect(() => multiply.shape(layer, [a, b])).toThrow(InputError);
    expect(() => multiply.shape(layer, [b, a])).toThrow(/multiply "product": expected 2 or more operands/);
    expect(() => multiply.shape(layer, [a])).toThrow(InputError);
  });
});

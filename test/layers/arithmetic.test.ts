import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { FusedActivation } from "../../src/layers/activation.ts";
import { type AddLayer, add, type MultiplyLayer, multiply } from "../../src/layers/arithmetic.ts";
import { type Array64, upTo } from "../reference/array.ts";
import { FUSED } from "../reference/numbers.ts";
import * as reference from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runForward, type Values } from "./run.ts";

describe("add", () => {
  const layerOf = (terms: number, activation?: FusedActivation): AddLayer => ({
    op: "add",
    name: "sum",
    inputs: upTo(terms).map(String),
    ...(activation ? { activation } : {}),
  });
  const check = (x: readonly Values[], activation?: FusedActivation): Promise<void> =>
    checkOp(add, layerOf(x.length, activation), x, {
      forward: (terms) => reference.add(activation ?? { kind: "linear" }, terms),
      linear: (terms) => reference.add({ kind: "linear" }, terms),
    });
  const several = (terms: number, shape: readonly number[], scale = 1): Values[] =>
    upTo(terms).map((seed) => random(shape, seed + 1, scale));

  test("agrees with naive loops, forward and backward", () =>
    forAll(IMAGES, (shape) => check(several(2, shape))));

  test.each([2, 3, 4, 5, 6, 7, 8, 9])("adds %i inputs", (terms) => check(several(terms, [2, 2, 3, 3])));

  test("adds vectors, and more than one workgroup", async () => {
    await check(several(2, [3, 7]));
    await check(several(3, [1, 4, 5, 31]));
  });

  test("adds a tensor to itself", async () => {
    const x = random([1, 2, 2, 3]);
    await check([x, x]);
    await check([x, x, random([1, 2, 2, 3], 2), x, x]);
  });

  test.each(FUSED)(
    "applies a fused $kind to the whole sum and leaves it out backward",
    async (activation) => {
      await check(several(2, [1, 3, 3, 3], 4), activation);
      await check(several(6, [1, 3, 3, 3], 4), activation);
    },
  );

  test.each(upTo(5))("repeats inputs without pixels, of five the one at place %i", async (place) => {
    const small = place % 2 === 0 ? [2, 5] : [2, 1, 1, 5];
    const x = upTo(5).map((seed) => random(seed === place ? small : [2, 3, 2, 5], seed + 1));
    await check(x, { kind: "relu6" });
  });

  test("takes the shape of the input that has pixels", () => {
    expect(
      add.shape(layerOf(3), [
        [2, 5],
        [2, 1, 1, 5],
        [2, 3, 2, 5],
      ]),
    ).toEqual([2, 3, 2, 5]);
    expect(
      add.shape(layerOf(2), [
        [2, 5],
        [2, 1, 1, 5],
      ]),
    ).toEqual([2, 1, 1, 5]);
  });

  test("inputs of different shapes, or only one, are refused", () => {
    expect(() => add.shape(layerOf(1), [[1, 2, 2, 3]])).toThrow(InputError);
    for (const other of [
      [1, 2, 2, 1],
      [1, 2],
      [1, 2, 3],
      [2, 3],
      [1, 1, 2, 3],
    ]) {
      expect(() => add.shape(layerOf(2), [[1, 2, 2, 3], other])).toThrow(/add "sum".*1×2×2×3, /);
    }
  });
});

describe("multiply", () => {
  const layer: MultiplyLayer = { op: "multiply", name: "product", inputs: ["a", "b"] };
  const check = (a: Values, b: Values): Promise<void> =>
    checkOp(multiply, layer, [a, b], {
      forward: ([left, right]) => reference.multiply(left as Array64, right as Array64),
    });

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
    ).toThrow(/N×C or N×1×1×C, got 2×3×4×5, 2×4/);
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

  test.each([
    [
      [1, 2, 2, 3],
      [1, 2, 2, 1],
    ],
    [
      [1, 2, 2, 3],
      [1, 1, 2, 3],
    ],
    [
      [2, 2, 2, 3],
      [1, 1, 1, 3],
    ],
    [
      [1, 3],
      [1, 1],
    ],
  ])("%j by %j is refused", (a, b) => {
    expect(() => multiply.shape(layer, [a, b])).toThrow(InputError);
    expect(() => multiply.shape(layer, [b, a])).toThrow(
      /multiply "product": expected two inputs of one shape/,
    );
  });
});

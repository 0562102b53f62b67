import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { type AddLayer, add } from "../../src/layers/add.ts";
import { upTo } from "../reference/array.ts";
import { FUSED } from "../reference/numbers.ts";
import * as reference from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import type { Values } from "./run.ts";

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

import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { type AddLayer, add } from "../../src/layers/add.ts";
import type { Constant } from "../../src/layers/op.ts";
import { upTo } from "../reference/array.ts";
import { operandOf } from "../reference/broadcast.ts";
import { FUSED } from "../reference/numbers.ts";
import * as reference from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import type { Values } from "./run.ts";

describe("add", () => {
  const layerOf = (terms: number, activation?: FusedActivation, constant?: Constant): AddLayer => ({
    op: "add",
    name: "sum",
    inputs: upTo(terms).map(String),
    ...(activation ? { activation } : {}),
    ...(constant ? { constant } : {}),
  });
  const check = (x: readonly Values[], activation?: FusedActivation, constant?: Constant): Promise<void> => {
    const known = constant ? [operandOf(constant)] : [];
    return checkOp(add, layerOf(x.length, activation, constant), x, {
      forward: (terms) => reference.add(activation ?? { kind: "linear" }, [...terms, ...known]),
      linear: (terms) => reference.add({ kind: "linear" }, [...terms, ...known]),
    });
  };
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

  test("repeats inputs along any axes, and adds a constant", async () => {
    const x = [
      random([2, 3, 2, 5], 1),
      random([2, 3, 2, 1], 2),
      random([2, 2, 5], 3),
      random([2, 1, 1, 1], 4),
    ];
    await check(x, { kind: "relu6" });
    await check(x.slice(1, 3), { kind: "relu" });
    for (const shape of [[], [5], [3, 1, 1], [3, 2, 5], [2, 3, 2, 5]]) {
      await check(x.slice(0, 1), { kind: "relu" }, random(shape, 9));
    }
    await check(x.slice(1, 3), { kind: "tanh" }, random([3, 1, 5], 9));
    await check([random([3, 7], 1)], undefined, random([7], 2));
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
      [1, 2],
      [1, 3, 3],
      [2, 3],
      [1, 2, 2, 4],
    ]) {
      expect(() => add.shape(layerOf(2), [[1, 2, 2, 3], other])).toThrow(/add "sum".*1×2×2×3, /);
    }
  });
});

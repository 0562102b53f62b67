import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { type BatchNormLayer, batchNorm } from "../../src/layers/batch-norm.ts";
import type { Array64 } from "../reference/array.ts";
import { FUSED, numbers } from "../reference/numbers.ts";
import * as reference from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";

function layerOf(channels: number, activation?: FusedActivation): BatchNormLayer {
  return {
    op: "batchNorm",
    name: "bn",
    inputs: ["x"],
    scale: numbers(channels, 3).map((v) => 2 * v),
    offset: numbers(channels, 4),
    ...(activation ? { activation } : {}),
  };
}

function check(shape: readonly number[], activation?: FusedActivation): Promise<void> {
  const channels = shape.at(-1) ?? 1;
  return checkOp(batchNorm, layerOf(channels, activation), [random(shape, 1, 4)], {
    forward: ([x]) => reference.batchNorm(layerOf(channels, activation), x as Array64),
    linear: ([x]) => reference.batchNorm(layerOf(channels), x as Array64),
  });
}

test("agrees with naive loops, forward and backward", () => forAll(IMAGES, (shape) => check(shape)));

test("scales a vector, and more than one workgroup", async () => {
  await check([3, 7]);
  await check([2, 3, 4, 37]);
});

test.each(FUSED)("applies a fused $kind afterwards and leaves it out backward", (activation) =>
  check([2, 3, 3, 5], activation),
);

test("one scale and offset a channel are wanted", () => {
  expect(() => batchNorm.shape(layerOf(4), [[1, 2, 2, 5]])).toThrow(InputError);
  expect(() => batchNorm.shape(layerOf(4), [[1, 2, 2, 5]])).toThrow(/"bn": expected 5 scales/);
});

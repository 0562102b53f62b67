import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type ZeroPadLayer, zeroPad } from "../../src/layers/zero-pad.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/layout.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";

type Sides = [top: number, bottom: number, left: number, right: number];

function layerOf([top, bottom, left, right]: Sides): ZeroPadLayer {
  return { op: "zeroPad", name: "z", inputs: ["x"], border: { top, bottom, left, right } };
}

const check = (shape: readonly number[], sides: Sides): Promise<void> =>
  checkOp(zeroPad, layerOf(sides), [random(shape)], {
    forward: ([x]) => reference.zeroPad(layerOf(sides), x as Array64),
  });

test("agrees with naive loops, forward and backward", async () => {
  const side = fc.integer({ min: 0, max: 3 });
  await forAll(fc.tuple(IMAGES, fc.tuple(side, side, side, side)), ([shape, sides]) => check(shape, sides));
});

test("takes more than one workgroup", () => check([2, 5, 6, 17], [1, 0, 2, 3]));

test("a border that is no whole number is refused", () => {
  expect(() => zeroPad.shape(layerOf([-1, 0, 0, 0]), [[1, 2, 2, 1]])).toThrow(InputError);
  expect(() => zeroPad.shape(layerOf([0.5, 0, 0, 0]), [[1, 2, 2, 1]])).toThrow(/border of whole numbers/);
});

import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type PreluLayer, prelu } from "../../src/layers/prelu.ts";
import { broadcast, operandOf } from "../reference/broadcast.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import type { Values } from "./run.ts";

const layerOf = (slope: Values): PreluLayer => ({ op: "prelu", name: "p", inputs: ["x"], slope });

const check = (x: Values, slope: Values): Promise<void> =>
  checkOp(prelu, layerOf(slope), [x], {
    forward: (inputs) => broadcast([...inputs, operandOf(slope)], (v = 0, s = 0) => (v > 0 ? v : s * v)),
  });

describe("prelu", () => {
  test("agrees with naive loops, forward and backward, by a slope of any shape", () =>
    forAll(IMAGES, async (shape) => {
      const [, h, w, c] = shape;
      for (const slope of [[c], [1, 1, c], [h, w, c], [1], [h, w, 1]]) {
        await check(random(shape, 1), random(slope, 2));
      }
    }));

  test("takes vectors and sequences", async () => {
    await check(random([3, 7]), random([7], 2));
    await check(random([2, 5, 300]), random([1, 300], 2));
  });

  test("refuses a slope that does not fit", () => {
    const shape = (slope: Values) => () => prelu.shape(layerOf(slope), [[2, 3, 4, 5]]);
    for (const slope of [random([4]), random([2, 3, 4, 5]), random([1, 3, 4, 5])]) {
      expect(shape(slope)).toThrow(InputError);
      expect(shape(slope)).toThrow(/^prelu "p": expected .*, got /);
    }
    expect(prelu.shape(layerOf(random([4, 1])), [[2, 3, 4, 5]])).toEqual([2, 3, 4, 5]);
    expect(() =>
      prelu.shape(layerOf(random([1, 4])), [
        [2, 4],
        [2, 4],
      ]),
    ).toThrow(InputError);
  });
});

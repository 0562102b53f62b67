import fc from "fast-check";
import { expect, test } from "vitest";
import { type LrnLayer, lrn } from "../../src/layers/lrn.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/normalise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runForward } from "./run.ts";

function layerOf(part: Partial<LrnLayer> = {}): LrnLayer {
  return { op: "lrn", name: "n", inputs: ["x"], radius: 2, bias: 1, alpha: 0.5, beta: 0.75, ...part };
}

const check = (shape: readonly number[], layer: LrnLayer): Promise<void> =>
  checkOp(lrn, layer, [random(shape, 1, 2)], { forward: ([x]) => reference.lrn(layer, x as Array64) });

test("agrees with naive loops, forward and backward", async () => {
  const cases = fc.tuple(
    IMAGES,
    fc.constantFrom(0, 1, 2, 5),
    fc.constantFrom(0.5, 1, 2),
    fc.constantFrom(1e-4, 0.2, 1),
    fc.constantFrom(0.5, 0.75, 1),
  );
  await forAll(cases, ([shape, radius, bias, alpha, beta]) =>
    check(shape, layerOf({ radius, bias, alpha, beta })),
  );
});

test("takes AlexNet's window over more than one workgroup, and vectors", async () => {
  await check([1, 3, 3, 67], layerOf({ alpha: 2e-5 }));
  await check([2, 19], layerOf());
});

test("alpha is not divided by the window's size", async () => {
  const x = { shape: [1, 1, 1, 3], data: new Float32Array([1, 2, 0]) };
  const y = await runForward(lrn, layerOf({ radius: 1, alpha: 3, beta: 1 }), [x]);
  expect([...y.data]).toEqual([1 / 16, 2 / 16, 0].map(Math.fround));
});

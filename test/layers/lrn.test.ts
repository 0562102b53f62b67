import fc from "fast-check";
import { expect, test } from "vitest";
import { type LrnLayer, lrn } from "../../src/layers/lrn.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/normalise.ts";
import { expectClose } from "../reference/numbers.ts";
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
    fc.constantFrom(undefined, 0, 1, 3),
    fc.constantFrom(0.5, 1, 2),
    fc.constantFrom(1e-4, 0.2, 1),
    fc.constantFrom(0.5, 0.75, 1),
  );
  await forAll(cases, ([shape, radius, after, bias, alpha, beta]) =>
    check(shape, layerOf({ radius, ...(after === undefined ? {} : { after }), bias, alpha, beta })),
  );
});

test("takes AlexNet's window over more than one workgroup, and vectors", async () => {
  await check([1, 3, 3, 67], layerOf({ alpha: 2e-5 }));
  await check([2, 19], layerOf());
});

test("takes windows with more channels on one side, as ONNX's and PyTorch's of even sizes", async () => {
  await check([1, 2, 3, 9], layerOf({ radius: 1, after: 2 }));
  await check([1, 2, 3, 9], layerOf({ radius: 2, after: 1 }));
  const x = { shape: [1, 1, 1, 3], data: new Float32Array([1, 2, 4]) };
  const y = await runForward(lrn, layerOf({ radius: 0, after: 1, alpha: 1, beta: 1 }), [x]);
  expectClose(y.data, [1 / 6, 2 / 21, 4 / 17]);
});

test.each([{ radius: -1 }, { radius: 0.5 }, { after: -1 }, { after: 2 ** 16 }])("refuses %j", (part) => {
  expect(() => lrn.shape(layerOf(part), [[1, 2, 2, 4]])).toThrow(/lrn "n": expected a radius of 0 to/);
});

test("alpha is not divided by the window's size", async () => {
  const x = { shape: [1, 1, 1, 3], data: new Float32Array([1, 2, 0]) };
  const y = await runForward(lrn, layerOf({ radius: 1, alpha: 3, beta: 1 }), [x]);
  expect([...y.data]).toEqual([1 / 16, 2 / 16, 0].map(Math.fround));
});

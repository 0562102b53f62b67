import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type UpsampleLayer, upsample } from "../../src/layers/upsample.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/layout.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runForward } from "./run.ts";

type Factor = [vertical: number, horizontal: number];

function layerOf(mode: UpsampleLayer["mode"] | "asymmetric", factor: Factor): UpsampleLayer {
  const common = { op: "upsample", name: "u", inputs: ["x"], factor } as const;
  return mode === "asymmetric" ? { ...common, mode: "bilinear", coordinates: mode } : { ...common, mode };
}

describe.each(["nearest", "bilinear", "asymmetric"] as const)("%s", (mode) => {
  const check = (shape: readonly number[], factor: Factor): Promise<void> =>
    checkOp(upsample, layerOf(mode, factor), [random(shape)], {
      forward: ([x]) => reference.upsample(layerOf(mode, factor), x as Array64),
    });

  test("agrees with naive loops, forward and backward", async () => {
    const factor = fc.integer({ min: 1, max: 4 });
    const image = IMAGES.map(([n, h, w, c]): [number, number, number, number] => [
      n,
      Math.min(h, 4),
      Math.min(w, 4),
      c,
    ]);
    await forAll(fc.tuple(image, fc.tuple(factor, factor)), ([shape, factors]) => check(shape, factors));
  });

  test("takes more than one workgroup", () => check([1, 4, 5, 17], [2, 3]));
});

test("bilinear takes half-pixel centres and clamps at the border", async () => {
  const x = { shape: [1, 1, 2, 1], data: new Float32Array([0, 4]) };
  const y = await runForward(upsample, layerOf("bilinear", [2, 2]), [x]);
  expect(y.shape).toEqual([1, 2, 4, 1]);
  expect([...y.data]).toEqual([0, 1, 3, 4, 0, 1, 3, 4]);
});

test("bilinear with asymmetric coordinates takes pixel i from i / factor", async () => {
  const x = { shape: [1, 1, 2, 1], data: new Float32Array([0, 4]) };
  const y = await runForward(upsample, layerOf("asymmetric", [2, 2]), [x]);
  expect([...y.data]).toEqual([0, 2, 4, 4, 0, 2, 4, 4]);
});

test("factors that are no whole numbers are refused", () => {
  expect(() => upsample.shape(layerOf("nearest", [1.5, 2]), [[1, 2, 2, 1]])).toThrow(InputError);
  expect(() => upsample.shape(layerOf("nearest", [1, 0]), [[1, 2, 2, 1]])).toThrow(
    /whole factors of at least 1/,
  );
});

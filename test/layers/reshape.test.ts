import { expect, test } from "vitest";
import { NOTHING } from "../../src/gpu/command.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import { type ReshapeLayer, reshape } from "../../src/layers/reshape.ts";
import { testDevice } from "../gpu.ts";
import { numbers } from "../reference/numbers.ts";
import { random } from "./check.ts";
import { runBackward, uniform } from "./run.ts";

const layerOf = (shape?: number[]): ReshapeLayer => ({
  op: "reshape",
  name: "r",
  inputs: ["x"],
  ...(shape ? { shape } : {}),
});

test("keeps the batch and the number of values", () => {
  expect(reshape.shape(layerOf([24]), [[2, 2, 3, 4]])).toEqual([2, 24]);
  expect(reshape.shape(layerOf(), [[2, 2, 3, 4]])).toEqual([2, 2, 3, 4]);
  expect(() => reshape.shape(layerOf([25]), [[2, 2, 3, 4]])).toThrow(InputError);
  expect(() => reshape.shape(layerOf([25]), [[2, 2, 3, 4]])).toThrow(/reshape "r": expected 24 values/);
});

test("a gradient with a buffer of its own is copied or added, whatever the shapes", async () => {
  const x = random([2, 3, 5, 8]);
  const dy = numbers(240, 2);
  const onto = numbers(240, 3);
  expect(await runBackward(reshape, layerOf([120]), [x], { dy })).toEqual(dy);
  const sum = await runBackward(reshape, layerOf([120]), [x], { dy, onto });
  expect([...sum]).toEqual([...dy].map((value, i) => Math.fround(value + (onto[i] ?? 0))));
});

test("a gradient that shares its buffer needs nothing", async () => {
  const device = await testDevice();
  const tensor = createTensor(device, [1, 2, 2, 1]);
  const flat = { ...tensor, shape: [1, 4] };
  const rule = uniform(device, [0]).buffer;
  const site = { layer: layerOf([4]), x: [tensor] as const, y: flat, constants: {}, saved: {}, rule };
  const backward = { ...site, dy: flat, dx: tensor, input: 0, accumulate: false };
  expect(await reshape.forward(device, site)).toBe(NOTHING);
  expect(await reshape.backward(device, backward)).toBe(NOTHING);
  tensor.buffer.destroy();
  rule.destroy();
});

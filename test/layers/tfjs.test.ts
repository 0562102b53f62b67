import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { lrn } from "../../src/layers/lrn.ts";
import type { LayerBase, Op } from "../../src/layers/op.ts";
import { pool } from "../../src/layers/pool.ts";
import { resize } from "../../src/layers/resize.ts";
import { softmax } from "../../src/layers/softmax.ts";
import { expectClose, numbers } from "../reference/numbers.ts";
import { random } from "./check.ts";
import { runBackward, runForward, type Values } from "./run.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Holds an op against tfjs's, forward and, where `gradient` says so, backward. */
async function compare<L extends LayerBase>(
  op: Op<L, LayerBase>,
  layer: L,
  x: Values,
  theirs: (x: tf.Tensor4D) => tf.Tensor,
  gradient = true,
): Promise<void> {
  const input = tf.tensor4d(x.data, x.shape as [number, number, number, number]);
  const expected = theirs(input);
  const y = await runForward(op, layer, [x]);
  expect(y.shape).toEqual(expected.shape);
  expectClose(y.data, expected.dataSync());
  if (!gradient) return;
  const dy = numbers(y.data.length, 9);
  const slopes = tf.grad((v) => theirs(v as tf.Tensor4D))(input, tf.tensor(dy, expected.shape));
  expectClose(await runBackward(op, layer, [x], { dy }), slopes.dataSync());
}

const named = { name: "layer", inputs: ["x"] } as const;

describe("pooling as tfjs has it", () => {
  const odd = random([2, 7, 8, 5], 3);
  // Few levels, so that most windows hold equal maxima.
  const tied = { shape: odd.shape, data: odd.data.map((value) => Math.round(value)) };

  test.each([
    ["same", [3, 3], [2, 2]],
    ["same", [2, 2], [2, 2]],
    ["same", [2, 4], [1, 3]],
    ["valid", [3, 2], [2, 1]],
  ] as const)("%s, %j at strides %j", async (padding, size, strides) => {
    const layer = { ...named, op: "pool", size, strides, padding } as const;
    const window: [number, number] = [...size];
    const steps: [number, number] = [...strides];
    for (const x of [odd, tied]) {
      await compare(pool, { ...layer, mode: "max" }, x, (v) => tf.maxPool(v, window, steps, padding));
    }
    // tfjs's gradient of a mean divides by the whole window, padding included; its forward does not.
    const average = { ...layer, mode: "average" } as const;
    await compare(pool, average, odd, (v) => tf.avgPool(v, window, steps, padding), padding === "valid");
  });
});

test("bilinear enlargement as tfjs has it with half-pixel centres", async () => {
  const layer = {
    ...named,
    op: "resize",
    mode: "linear",
    coordinates: "half-pixel",
    to: { factor: [2, 3] },
  } as const;
  // tfjs's gradient knows no half-pixel centres.
  await compare(
    resize,
    layer,
    random([2, 4, 5, 3], 4),
    (v) => tf.image.resizeBilinear(v, [8, 15], false, true),
    false,
  );
});

test("bilinear enlargement as tfjs's own models have it", async () => {
  const coordinates = "asymmetric";
  const layer = { ...named, op: "resize", mode: "linear", coordinates, to: { factor: [2, 3] } } as const;
  const enlarged = (v: tf.Tensor4D) =>
    tf.image.resizeBilinear(v, [2 * (v.shape[1] ?? 0), 3 * (v.shape[2] ?? 0)]);
  await compare(resize, layer, random([2, 4, 5, 3], 4), enlarged, false);
  // tfjs's gradient on the CPU takes height for width.
  await compare(resize, layer, random([1, 4, 4, 3], 4), enlarged);
});

test("nearest enlargement as tfjs has it", async () => {
  const layer = {
    ...named,
    op: "resize",
    mode: "nearest",
    coordinates: "half-pixel",
    to: { factor: [3, 2] },
  } as const;
  // One image: tfjs's gradient on the CPU is wrong from the second on.
  await compare(resize, layer, random([1, 4, 5, 3], 4), (v) => tf.image.resizeNearestNeighbor(v, [12, 10]));
});

test("local response normalisation as tfjs has it", async () => {
  const layer = { ...named, op: "lrn", radius: 2, bias: 1.5, alpha: 0.3, beta: 0.75 } as const;
  await compare(lrn, layer, random([2, 3, 3, 7], 5, 2), (v) =>
    tf.localResponseNormalization(v, 2, 1.5, 0.3, 0.75),
  );
});

test("softmax as tfjs has it", () =>
  compare(softmax, { ...named, op: "softmax" }, random([2, 2, 3, 11], 6, 5), (v) => tf.softmax(v)));

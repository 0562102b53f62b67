import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { asNhwc } from "../../src/gpu/tensor.ts";
import {
  type DepthToSpaceLayer,
  depthToSpace,
  type SpaceToDepthLayer,
  spaceToDepth,
} from "../../src/layers/depth-to-space.ts";
import { type Array64, at, fill } from "../reference/array.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runForward } from "./run.ts";

type Order = DepthToSpaceLayer["order"];

const shuffle = (block: number, order: Order): DepthToSpaceLayer => ({
  ...{ op: "depthToSpace", name: "d", inputs: ["x"], block, order },
});
const stack = (block: number, order: Order): SpaceToDepthLayer => ({
  ...{ op: "spaceToDepth", name: "s", inputs: ["x"], block, order },
});

/** The channel of a block's pixel, of `depth` channels. */
const channelOf = (order: Order, block: number, depth: number, v: number, u: number, k: number): number =>
  order === "depth-first" ? (v * block + u) * depth + k : k * block * block + v * block + u;

function shuffled(order: Order, block: number, x: Array64): Array64 {
  const [n, h, w, c] = asNhwc(x.shape);
  const depth = c / block / block;
  return fill([n, h * block, w * block, depth], (image, v, u, k) => {
    const channel = channelOf(order, block, depth, v % block, u % block, k);
    return at(x, image, Math.floor(v / block), Math.floor(u / block), channel) ?? Number.NaN;
  });
}

function stacked(order: Order, block: number, x: Array64): Array64 {
  const [n, h, w, depth] = asNhwc(x.shape);
  const places = new Map<number, [v: number, u: number, k: number]>();
  for (let v = 0; v < block; v++)
    for (let u = 0; u < block; u++)
      for (let k = 0; k < depth; k++) places.set(channelOf(order, block, depth, v, u, k), [v, u, k]);
  return fill([n, h / block, w / block, depth * block * block], (image, row, column, channel) => {
    const [v = 0, u = 0, k = 0] = places.get(channel) ?? [];
    return at(x, image, row * block + v, column * block + u, k) ?? Number.NaN;
  });
}

describe.each(["depth-first", "column-first"] as const)("%s", (order) => {
  const side = fc.integer({ min: 1, max: 4 });
  const cases = fc.record({
    h: side,
    w: side,
    block: fc.integer({ min: 1, max: 3 }),
    depth: fc.constantFrom(1, 3, 4),
  });

  test("channels to pixels, as naive loops have them, forward and backward", () =>
    forAll(cases, ({ h, w, block, depth }) =>
      checkOp(depthToSpace, shuffle(block, order), [random([2, h, w, depth * block * block])], {
        forward: ([x]) => shuffled(order, block, x as Array64),
      }),
    ));

  test("pixels to channels, as naive loops have them, forward and backward", () =>
    forAll(cases, ({ h, w, block, depth }) =>
      checkOp(spaceToDepth, stack(block, order), [random([2, h * block, w * block, depth])], {
        forward: ([x]) => stacked(order, block, x as Array64),
      }),
    ));

  test("one undoes the other", async () => {
    const x = random([2, 6, 4, 5]);
    const deep = await runForward(spaceToDepth, stack(2, order), [x]);
    expect(deep.shape).toEqual([2, 3, 2, 20]);
    expect(await runForward(depthToSpace, shuffle(2, order), [deep])).toEqual(x);
  });
});

test("the first pixels of a block are those that the order says", async () => {
  const x = { shape: [1, 1, 1, 8], data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) };
  const first = async (order: Order) => [...(await runForward(depthToSpace, shuffle(2, order), [x])).data];
  expect(await first("depth-first")).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await first("column-first")).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
});

test("channels and sides that blocks do not divide are refused", () => {
  expect(() => depthToSpace.shape(shuffle(2, "depth-first"), [[1, 2, 2, 6]])).toThrow(
    /multiple of 4 channels.*got 6/,
  );
  expect(() => spaceToDepth.shape(stack(2, "depth-first"), [[1, 2, 3, 1]])).toThrow(/2 × 2 divide.*1×2×3×1/);
  expect(() => depthToSpace.shape(shuffle(0, "depth-first"), [[1, 2, 2, 4]])).toThrow(InputError);
  expect(() => spaceToDepth.shape(stack(1.5, "depth-first"), [[1, 2, 2, 4]])).toThrow(
    /at least 1 pixel, got 1.5/,
  );
  expect(() => spaceToDepth.shape(stack(2, "depth-first"), [[1, 4]])).toThrow(InputError);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { Shape } from "../../src/gpu/tensor.ts";
import { type PadLayer, pad } from "../../src/layers/pad.ts";
import type { Array64 } from "../reference/array.ts";
import { build, inside } from "../reference/axes.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

type Mode = PadLayer["mode"];
type Sides = Pick<PadLayer, "before" | "after" | "value">;

const layerOf = (mode: Mode, sides: Sides): PadLayer => ({
  ...{ op: "pad", name: "p", inputs: ["x"], mode, ...sides },
});

/** Along one axis, the elements of x in y, step by step as NumPy's `pad` describes its modes; −1 for the value. */
function along(mode: Mode, size: number, before: number, after: number): number[] {
  const own = Array.from({ length: size }, (_, at) => at);
  const ahead = Array.from({ length: before }, (_, far) => far + 1).reverse();
  const behind = Array.from({ length: after }, (_, far) => far + 1);
  const beyond = (far: number, edge: number, inward: 1 | -1): number => {
    if (mode === "constant") return -1;
    if (mode === "edge") return edge;
    return edge + inward * (mode === "reflect" ? far : far - 1);
  };
  return [
    ...ahead.map((far) => beyond(far, 0, 1)),
    ...own,
    ...behind.map((far) => beyond(far, size - 1, -1)),
  ];
}

function reference(mode: Mode, { before, after, value = 0 }: Sides, x: Array64): Array64 {
  const [n = 1, ...extents] = x.shape;
  const places = extents.map((size, axis) => along(mode, size, before[axis] ?? 0, after[axis] ?? 0));
  return build([n, ...places.map(({ length }) => length)], ([image = 0, ...index]) => {
    const source = index.map((at, axis) => places[axis]?.[at] ?? -1);
    return inside(x, [image, ...source]) ?? value;
  });
}

const check = (mode: Mode, shape: Shape, sides: Sides): Promise<void> =>
  checkOp(pad, layerOf(mode, sides), [random(shape)], {
    forward: ([x]) => reference(mode, sides, x as Array64),
  });

/** An axis and its border, as wide as a mode allows. */
const axisOf = (mode: Mode) =>
  fc.integer({ min: 1, max: 5 }).chain((size) => {
    const side = fc.integer({
      min: 0,
      max: { reflect: size - 1, symmetric: size, edge: 4, constant: 4 }[mode],
    });
    return fc.tuple(side, side).map(([before, after]) => ({ size, before, after }));
  });

describe.each(["constant", "reflect", "edge", "symmetric"] as const)("%s", (mode) => {
  test("agrees with naive loops, forward and backward, along any axes", () =>
    forAll(
      fc.tuple(fc.integer({ min: 1, max: 2 }), fc.array(axisOf(mode), { minLength: 1, maxLength: 4 })),
      ([n, axes]) =>
        check(mode, [n, ...axes.map(({ size }) => size)], {
          before: axes.map(({ before }) => before),
          after: axes.map(({ after }) => after),
        }),
    ));

  test.each<[name: string, shape: Shape, sides: Sides]>([
    ["an image of many workgroups", [2, 5, 6, 17], { before: [1, 2, 0], after: [0, 3, 0] }],
    ["channels in fours", [2, 4, 5, 8], { before: [3, 1, 0], after: [2, 4, 0] }],
    ["channels, in fours and not", [1, 3, 2, 8], { before: [0, 0, 4], after: [1, 0, 4] }],
    ["channels of which some come first", [1, 2, 3, 4], { before: [0, 0, 3], after: [0, 0, 1] }],
    ["tokens", [2, 7, 12], { before: [1, 0], after: [0, 0] }],
    ["nothing", [2, 3, 2], { before: [0, 0], after: [0, 0] }],
    ["eight axes", [1, 2, 3, 2, 3, 2, 3, 2], { before: [1, 1, 0, 1, 1, 1, 1], after: [0, 2, 1, 1, 0, 1, 0] }],
  ])("takes %s", (_, shape, sides) => check(mode, shape, sides));
});

test("holds the value that it is given", async () => {
  await check("constant", [2, 3, 2, 4], { before: [1, 0, 0], after: [0, 2, 4], value: -2.5 });
  const layer = layerOf("constant", { before: [1], after: [0], value: Number.NEGATIVE_INFINITY });
  const y = await runForward(pad, layer, [{ shape: [1, 2], data: Float32Array.of(3, 4) }]);
  expect([...y.data]).toEqual([Number.NEGATIVE_INFINITY, 3, 4]);
});

test("mirrors as NumPy does", async () => {
  const x = { shape: [1, 3], data: Float32Array.of(1, 2, 3) };
  const padded = async (mode: Mode) => [
    ...(await runForward(pad, layerOf(mode, { before: [2], after: [2] }), [x])).data,
  ];
  expect(await padded("reflect")).toEqual([3, 2, 1, 2, 3, 2, 1]);
  expect(await padded("symmetric")).toEqual([2, 1, 1, 2, 3, 3, 2]);
  expect(await padded("edge")).toEqual([1, 1, 1, 2, 3, 3, 3]);
});

test("gives each element what all its images have, the same to the bit every time", async () => {
  const layer = layerOf("reflect", { before: [2, 2, 0], after: [2, 1, 0] });
  const x = random([1, 3, 4, 3]);
  const dy = random([1, 7, 7, 3], 5).data;
  const [first, again] = [
    await runBackward(pad, layer, [x], { dy }),
    await runBackward(pad, layer, [x], { dy }),
  ];
  expect(first).toEqual(again);
});

test("borders that there cannot be are refused", () => {
  const shape =
    (mode: Mode, sides: Sides, of: Shape = [1, 2, 2, 1]) =>
    () =>
      pad.shape(layerOf(mode, sides), [of]);
  expect(shape("constant", { before: [-1, 0, 0], after: [0, 0, 0] })).toThrow(InputError);
  expect(shape("constant", { before: [0.5, 0, 0], after: [0, 0, 0] })).toThrow(
    /3 whole numbers .* as before/,
  );
  expect(shape("constant", { before: [0, 0, 0], after: [0, 0] })).toThrow(/as after.*1×2×2×1, got \[0,0\]/);
  expect(shape("reflect", { before: [0, 2, 0], after: [0, 0, 0] })).toThrow(
    /border of at most 1 along axis 2 of x of shape 1×2×2×1 to mirror it \("reflect"\), got 2/,
  );
  expect(shape("symmetric", { before: [0, 2, 0], after: [0, 0, 0] })()).toEqual([1, 2, 4, 1]);
  expect(shape("symmetric", { before: [0, 0, 0], after: [3, 0, 0] })).toThrow(/at most 2 along axis 1/);
  expect(shape("edge", { before: [0, 0, 0], after: [0, 0, 0], value: 1 })).toThrow(
    /only with mode "constant"/,
  );
  expect(shape("constant", { before: [0, 0, 0], after: [0, 0, 0], value: Number.NaN })).toThrow(InputError);
});

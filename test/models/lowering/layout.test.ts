import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../../src/gpu/tensor.ts";
import type { Layer } from "../../../src/graph/graph.ts";
import { placesBy, stridesOf } from "../../../src/models/lowering/constants.ts";
import { commonCuts, regrouped, shapeOf, simplified } from "../../../src/models/lowering/layout.ts";
import { batchApartFrom, Lowering } from "../../../src/models/lowering/lowering.ts";
import { inputValue, permuted, reshaped } from "../../../src/models/lowering/movement.ts";
import type { LayerValue } from "../../../src/models/lowering/value.ts";

/** An array, row by row. */
interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

function transposedPlain({ shape, data }: Plain, order: readonly number[]): Plain {
  const strides = stridesOf(shape);
  const places = placesBy(
    order.map((axis) => shape[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 0),
  );
  return { shape: order.map((axis) => shape[axis] ?? 1), data: [...places].map((place) => data[place] ?? 0) };
}

/** What the layers that only move values store, for a batch of one image. */
function stored(layers: readonly Layer[], input: Plain): ReadonlyMap<string, Plain> {
  const found = new Map<string, Plain>();
  for (const layer of layers) {
    const x = found.get(layer.inputs[0] ?? "") ?? input;
    if (layer.op === "input") found.set(layer.name, input);
    else if (layer.op === "reshape") found.set(layer.name, { shape: layer.shape ?? x.shape, data: x.data });
    else if (layer.op === "permute") {
      const order = layer.axes.slice(1).map((axis) => axis - 1);
      found.set(layer.name, transposedPlain(x, order));
    } else throw new Error(`an op that computes: ${layer.op}`);
  }
  return found;
}

/** A value as the file sees it, an axis of the batch taken as one of 1. */
function seen({ layer, factors, axes }: LayerValue, all: ReadonlyMap<string, Plain>): Plain {
  const [, ...sizes] = factors;
  const strides = [0, ...stridesOf(sizes)];
  const flat = axes.flat();
  const places = placesBy(
    flat.map((factor) => (factor === 0 ? 1 : (factors[factor] ?? 1))),
    flat.map((factor) => strides[factor] ?? 0),
  );
  const shape = axes.map((axis) => sizeOf(axis.map((factor) => (factor === 0 ? 1 : (factors[factor] ?? 1)))));
  return { shape, data: [...places].map((place) => all.get(layer)?.data[place] ?? Number.NaN) };
}

/** Factors of a number, in an order that `choose` gives. */
function cut(size: number, choose: readonly number[]): number[] {
  const parts: number[] = [];
  let rest = size;
  for (const wish of choose) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((divisor) => rest % divisor === 0);
    const part = divisors[wish % divisors.length] ?? 1;
    parts.push(part);
    rest /= part;
  }
  return [...parts, rest];
}

test("any chain of reshapes and transposes is NumPy's, however the input is stored", () => {
  const step = fc.record({
    wishes: fc.array(fc.nat(11), { maxLength: 3 }),
    turn: fc.array(fc.nat(99), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom([0, 1, 2], [2, 0, 1], [1, 2, 0]),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      (storage, steps) => {
        const lowering = new Lowering(batchApartFrom([]));
        const shape = [4, 6, 3];
        const file: Plain = { shape, data: Array.from({ length: 72 }, (_, i) => i) };
        const layer = lowering.input(
          "x",
          storage.map((axis) => shape[axis] ?? 1),
        );
        lowering.begin("node", "node");
        const order = [0, ...storage.map((axis) => axis + 1)];
        let value = inputValue(lowering, layer, [lowering.batch, ...shape], 0, order);
        let plain: Plain = { shape: [1, ...shape], data: file.data };
        for (const { wishes, turn } of steps) {
          const target = cut(72, wishes);
          value = reshaped(lowering, value, [lowering.batch, ...target]);
          plain = { shape: [1, ...target], data: plain.data };
          const turned = target
            .map((_, axis) => axis)
            .sort((a, b) => (turn[a] ?? 0) - (turn[b] ?? 0) || a - b)
            .map((axis) => axis + 1);
          value = permuted(lowering, value, [0, ...turned]);
          plain = transposedPlain(plain, [0, ...turned]);
        }
        const input = transposedPlain(file, storage);
        expect(seen(value, stored(lowering.layers, input))).toEqual(plain);
        expect(seen(lowering.inFileOrder(value), stored(lowering.layers, input))).toEqual(plain);
      },
    ),
  );
});

describe("layouts", () => {
  const picture = { factors: [7, 5, 4, 6], axes: [[0], [3], [1], [2]] };

  test("a picture flattened keeps its storage", () => {
    expect(regrouped(picture, [7, 120])).toEqual({ factors: [7, 20, 6], axes: [[0], [2, 1]] });
  });

  test("channels part into groups without a layer", () => {
    expect(regrouped(picture, [7, 2, 3, 5, 4])).toEqual({
      factors: [7, 5, 4, 2, 3],
      axes: [[0], [3], [4], [1], [2]],
    });
  });

  test("the batch joins another axis and leaves it again", () => {
    const joined = regrouped(picture, [42, 5, 4]);
    expect(joined && shapeOf(joined)).toEqual([42, 5, 4]);
    expect(joined && regrouped(joined, [7, 6, 20])).toEqual({ factors: [7, 20, 6], axes: [[0], [2], [1]] });
  });

  test("what storage does not show is told", () => {
    expect(regrouped(picture, [7, 4, 30])).toBeUndefined();
    expect(regrouped({ factors: [7, 6], axes: [[0], [1]] }, [6, 7])).toBeUndefined();
  });

  test("factors of 1 go, neighbours join", () => {
    expect(simplified({ factors: [7, 1, 2, 3], axes: [[0], [1], [2, 3]] })).toEqual({
      factors: [7, 6],
      axes: [[0], [], [1]],
    });
  });

  test.each([
    [
      [[6], [2, 3]],
      [2, 3],
    ],
    [
      [
        [2, 3],
        [3, 2],
      ],
      undefined,
    ],
    [
      [
        [2, 6],
        [4, 3],
      ],
      [2, 2, 3],
    ],
    [
      [
        [2, 6],
        [2, 2, 3],
      ],
      [2, 2, 3],
    ],
    [[], []],
  ])("common cuts of %j are %j", (ways, cuts) => {
    expect(commonCuts(ways)).toEqual(cuts);
  });

  test("the batch is a number of which no size is a multiple", () => {
    expect(batchApartFrom([3, 224])).toBe(65537);
    expect(batchApartFrom([65537 * 2])).toBe(65539);
  });
});

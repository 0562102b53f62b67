import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { Shape } from "../../src/gpu/tensor.ts";
import { type BinaryLayer, type BinaryOperator, binary } from "../../src/layers/binary.ts";
import { broadcast, operandOf } from "../reference/broadcast.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runBackward, runForward, type Values } from "./run.ts";

const NAIVE: Readonly<Record<BinaryOperator, (a: number, b: number) => number>> = {
  subtract: (a, b) => a - b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  minimum: Math.min,
  maximum: Math.max,
};
const OPERATORS = Object.keys(NAIVE) as BinaryOperator[];

const layerOf = (operator: BinaryOperator, more: Partial<BinaryLayer> = {}): BinaryLayer => ({
  op: "binary",
  name: "b",
  inputs: ["x", "y"],
  operator,
  ...more,
});

/** Away from zero, so that quotients and powers are tame. */
const tame = (shape: Shape, seed: number): Values => {
  const { data } = random(shape, seed);
  return { shape, data: data.map((value) => 1.6 + value) };
};

function check(layer: BinaryLayer, x: readonly Values[]): Promise<void> {
  return checkOp(binary, layer, x, {
    forward(inputs) {
      const constants = layer.constant ? [operandOf(layer.constant)] : [];
      const operands = layer.constantFirst ? [...constants, ...inputs] : [...inputs, ...constants];
      return broadcast(operands, (a = 0, b = 0) => NAIVE[layer.operator](a, b));
    },
  });
}

/** Two shapes of up to eight axes with the batch, each repeated along some. */
const REPEATED = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom("both", "a", "b", "neither")), {
      maxLength: 7,
    }),
    fc.nat(7),
    fc.boolean(),
  )
  .map(([batch, axes, without, swapped]): [Shape, Shape] => {
    const shape = (of: "a" | "b"): number[] =>
      axes.map(([size, who]) => (who === "both" || who === of ? size : 1));
    // One of them has fewer axes.
    const [a, b] = [shape("a"), shape("b").slice(Math.min(without, axes.length))];
    return swapped
      ? [
          [batch, ...b],
          [batch, ...a],
        ]
      : [
          [batch, ...a],
          [batch, ...b],
        ];
  });

describe.each(OPERATORS)("%s", (operator) => {
  test("agrees with naive loops, forward and backward, whatever axes are repeated", () =>
    forAll(REPEATED, ([a, b]) => check(layerOf(operator), [tame(a, 1), tame(b, 2)])));

  test("takes constants, first or second", async () => {
    for (const shape of [[], [1], [3], [5, 1, 3], [2, 5, 4, 3]]) {
      const constant = tame(shape, 5);
      for (const constantFirst of [true, false]) {
        await check(layerOf(operator, { constant, constantFirst }), [tame([2, 5, 4, 3], 1)]);
      }
    }
  });
});

describe("binary", () => {
  test("sums gradients over more repeats than a workgroup has threads, and over few", async () => {
    await check(layerOf("subtract"), [tame([2, 1, 1, 1], 1), tame([2, 40, 31, 1], 2)]);
    await check(layerOf("divide"), [tame([1, 7, 1, 5], 1), tame([1, 7, 9, 5], 2)]);
    await check(layerOf("subtract"), [tame([3, 30, 1], 1), tame([3, 1, 37], 2)]);
    await check(layerOf("subtract"), [tame([1], 1), tame([1, 700], 2)]);
  });

  test("takes a tensor with itself", async () => {
    const x = tame([2, 3, 2, 3], 1);
    await check(layerOf("divide"), [x, x]);
  });

  const of = async (operator: BinaryOperator, a: number[], b: number[]) => {
    const values = (data: number[]): Values => ({ shape: [1, data.length], data: Float32Array.from(data) });
    const [layer, x] = [layerOf(operator), [values(a), values(b)]];
    const dy = new Float32Array(a.length).fill(1);
    const y = await runForward(binary, layer, x);
    const [da, db] = [
      await runBackward(binary, layer, x, { dy }),
      await runBackward(binary, layer, x, { dy, input: 1 }),
    ];
    return [y.data, da, db].map((found) => [...found]);
  };

  test("gives half to each of two equal numbers, and keeps what is no number", async () => {
    const nan = Number.NaN;
    const [a, b] = [
      [1, 2, 2, nan, 1],
      [2, 2, 1, 1, nan],
    ];
    const [low, ...slopes] = await of("minimum", a, b);
    expect(low).toEqual([1, 2, 1, nan, nan]);
    expect(slopes.map((found) => found.slice(0, 3))).toEqual([
      [1, 0.5, 0],
      [0, 0.5, 1],
    ]);
    const [high, ...others] = await of("maximum", a, b);
    expect(high).toEqual([2, 2, 2, nan, nan]);
    expect(others.map((found) => found.slice(0, 3))).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
  });

  test("raises negative numbers and zero to powers as PyTorch does", async () => {
    const a = [-2, -2, -2, -1.5, 0, 0, 0, -3, 4, 2, -2, 2];
    const b = [2, 3, -1, 0, 0, 2, 0.5, 0.5, 0.5, 70, 71, -70];
    const [y, da, db] = await of("power", a, b);
    const exact = a.map((base, i) => base ** (b[i] ?? 0));
    for (const [i, value] of (y ?? []).entries()) {
      if (Number.isNaN(exact[i])) expect(value).toBeNaN();
      else expect(Math.abs(value / (exact[i] || 1) - Number(exact[i] !== 0))).toBeLessThan(1e-5);
    }
    expect(da?.slice(0, 6)).toEqual([-4, 12, -0.25, 0, 0, 0]);
    expect(da?.[8]).toBeCloseTo(0.25, 6);
    expect(db?.slice(4, 7)).toEqual([0, 0, 0]);
    expect(db?.[8]).toBeCloseTo(2 * Math.log(4), 5);
    expect(db?.slice(0, 2).every(Number.isNaN)).toBe(true);
  });

  test("refuses what does not fit, by name", () => {
    const shape = (layer: BinaryLayer, ...x: Shape[]) => binary.shape(layer, x);
    expect(shape(layerOf("divide"), [2, 5, 4, 3], [2, 4, 1])).toEqual([2, 5, 4, 3]);
    expect(shape(layerOf("divide"), [2, 5, 1, 3], [2, 4, 1])).toEqual([2, 5, 4, 3]);
    expect(shape(layerOf("divide"), [2], [2, 4])).toEqual([2, 4]);
    const bad: [BinaryLayer, ...Shape[]][] = [
      [layerOf("divide"), [2, 4]],
      [layerOf("divide"), [2, 4], [2, 3]],
      [layerOf("divide"), [2, 4], [1, 4]],
      [layerOf("divide"), [2, 4], [2, 4], [2, 4]],
      [layerOf("divide"), [2, 1, 1, 1, 1, 1, 1, 1, 1], [2, 1]],
      [layerOf("divide", { constant: { shape: [3], data: new Float32Array(3) } }), [2, 4]],
      [layerOf("divide", { constant: { shape: [4], data: new Float32Array(3) } }), [2, 4]],
      [layerOf("divide", { constant: { shape: [4], data: new Float32Array(4) } }), [2, 4], [2, 4]],
      [layerOf("divide", { constantFirst: true }), [2, 4], [2, 4]],
      [layerOf("modulo" as BinaryOperator), [2, 4], [2, 4]],
    ];
    for (const [layer, ...x] of bad) {
      expect(() => shape(layer, ...x)).toThrow(InputError);
      expect(() => shape(layer, ...x)).toThrow(/^binary "b": expected .*, got /);
    }
  });
});

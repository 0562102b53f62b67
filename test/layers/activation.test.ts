import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { type ActivationLayer, activation } from "../../src/layers/activation.ts";
import { assertRule, type BackwardRule } from "../../src/layers/activation-gradient.ts";
import type { Activation } from "../../src/layers/activation-kinds.ts";
import { type Array64, fill } from "../reference/array.ts";
import { FUSED } from "../reference/numbers.ts";
import { activate } from "../reference/pointwise.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

const EVERY: readonly Activation[] = [{ kind: "linear" }, ...FUSED, { kind: "swish" }];

function layerOf(of: Activation): ActivationLayer {
  return { op: "activation", name: "a", inputs: ["x"], activation: of };
}

describe.each(EVERY)("$kind", (kind) => {
  test("agrees with naive loops, forward and backward", () =>
    forAll(IMAGES, (shape) =>
      checkOp(activation, layerOf(kind), [random(shape, 1, kind.kind === "relu6" ? 9 : 3)], {
        forward: ([x]) => {
          const { data } = x as Array64;
          let i = 0;
          return fill(shape, () => activate(kind, data[i++] ?? Number.NaN));
        },
      }),
    ));

  test("stays finite far from zero, forward and backward", async () => {
    const x = { shape: [1, 4], data: new Float32Array([-1000, -100, 100, 1000]) };
    const y = await runForward(activation, layerOf(kind), [x]);
    const dx = await runBackward(activation, layerOf(kind), [x], { dy: new Float32Array(4).fill(1) });
    for (const [i, value] of y.data.entries()) expect(value).toBeCloseTo(activate(kind, x.data[i] ?? 0), 4);
    expect(dx.every(Number.isFinite)).toBe(true);
  });
});

describe("rules at a ReLU", () => {
  // Every sign of z with every sign of dy.
  const z = new Float32Array([-2, -2, 0, 0, 3, 3, 7, 7]);
  const dy = new Float32Array([5, -5, 5, -5, 5, -5, 5, -5]);
  const x = { shape: [1, 8], data: z };

  test.each<[Activation["kind"], BackwardRule, number[]]>([
    ["relu", "gradient", [0, 0, 0, 0, 5, -5, 5, -5]],
    ["relu", "guided", [0, 0, 0, 0, 5, 0, 5, 0]],
    ["relu", "deconvnet", [5, 0, 5, 0, 5, 0, 5, 0]],
    ["relu6", "gradient", [0, 0, 0, 0, 5, -5, 0, 0]],
    ["relu6", "guided", [0, 0, 0, 0, 5, 0, 0, 0]],
    ["relu6", "deconvnet", [5, 0, 5, 0, 5, 0, 5, 0]],
    ["relu", "redirected", [0, 0, 0, 0, 5, -5, 5, -5]],
    ["relu6", "redirected", [0, 0, 0, 0, 5, -5, 0, 0]],
  ])("%s, %s", async (kind, rule, expected) => {
    const layer = layerOf({ kind });
    const dx = await runBackward(activation, layer, [x], { dy, rule });
    expect([...dx].map((value) => value + 0)).toEqual(expected); // + 0: no negative zero
    const onto = new Float32Array(8).fill(100);
    const sum = await runBackward(activation, layer, [x], { dy, rule, onto });
    expect([...sum]).toEqual(expected.map((value) => value + 100));
  });
});

describe("the rule redirected, where the gradient lets nothing pass", () => {
  // An image of which one signal passes, one of which none does.
  const open = { z: [-2, -2, 9, 3], dy: [5, -5, -5, -1] };
  const shut = { z: [-2, -2, 9, 9], dy: [5, -5, -5, 5] };
  const silent = { z: [-2, 3, 9, 9], dy: [-5, 0, 0, 5] };
  const run = (kind: Activation["kind"], ...images: (typeof open)[]) =>
    runBackward(
      activation,
      layerOf({ kind }),
      [{ shape: [images.length, 4], data: new Float32Array(images.flatMap(({ z }) => z)) }],
      { dy: new Float32Array(images.flatMap(({ dy }) => dy)), rule: "redirected" },
    ).then((dx) => [...dx].map((value) => value + 0));

  test("opens closed ReLUs to what would raise them", async () => {
    expect(await run("relu", open, { ...shut, z: [-2, -2, -9, 0] })).toEqual([0, 0, -5, -1, 5, 0, 0, 5]);
  });

  test("opens a ReLU6 above its ceiling to what would lower it", async () => {
    expect(await run("relu6", open, shut, silent)).toEqual([0, 0, 0, -1, 5, 0, -5, 0, 0, 0, 0, 0]);
  });

  test("looks through all of a large image", async () => {
    const size = 1000;
    const z = new Float32Array(2 * size).fill(-1);
    const dy = new Float32Array(2 * size).fill(1);
    z[size + 777] = 2;
    const dx = await runBackward(activation, layerOf({ kind: "relu" }), [{ shape: [2, size], data: z }], {
      dy,
      rule: "redirected",
    });
    expect(dx.subarray(0, size)).toEqual(new Float32Array(size).fill(1));
    expect(dx.subarray(size)).toEqual(new Float32Array(size).fill(0).fill(1, 777, 778));
  });
});

describe("assertRule", () => {
  test.each(EVERY)("lets the plain gradient pass any activation: $kind", (kind) => {
    expect(() => assertRule("gradient", kind, "layer")).not.toThrow();
  });

  test.each(["guided", "deconvnet", "redirected"] as const)("refuses %s where there is no ReLU", (rule) => {
    for (const kind of ["linear", "relu", "relu6"] as const) {
      expect(() => assertRule(rule, { kind }, "layer")).not.toThrow();
    }
    for (const kind of ["leakyRelu", "sigmoid", "tanh", "swish"] as const) {
      expect(() => assertRule(rule, { kind }, "block1")).toThrow(UnsupportedError);
      expect(() => assertRule(rule, { kind }, "block1")).toThrow(
        `backward rule "${rule}": expected ReLU or ReLU6, got ${kind} at layer "block1"; use the rule "gradient"`,
      );
    }
  });
});

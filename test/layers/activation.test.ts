import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { type ActivationLayer, activation } from "../../src/layers/activation.ts";
import { assertRule, type BackwardRule } from "../../src/layers/activation-gradient.ts";
import type { Activation, ActivationKind } from "../../src/layers/activation-kinds.ts";
import { activate, EVERY } from "../reference/activations.ts";
import { type Array64, fill, upTo } from "../reference/array.ts";
import { expectClose } from "../reference/numbers.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runBackward, runForward, type Values } from "./run.ts";

function layerOf(of: Activation): ActivationLayer {
  return { op: "activation", name: "a", inputs: ["x"], activation: of };
}

/** Values at which a kind is a number, and its slope no larger than its neighbours' by far. */
function within({ shape, data }: Values, { kind }: Activation): Values {
  if (!["log", "sqrt", "reciprocal"].includes(kind)) return { shape, data };
  return { shape, data: data.map((value) => 0.3 + Math.abs(value)) };
}

/** Far from zero. What has no finite value there is left out. */
const FAR: Partial<Record<ActivationKind, readonly number[]>> = {
  exp: [-1000, -100, 10, 80],
  log: [1e-30, 1e-3, 100, 1e30],
  sqrt: [1e-30, 1e-3, 100, 1e30],
  reciprocal: [-1e15, -100, 100, 1e15],
  square: [-1e15, -100, 100, 1e15],
  sin: [-100, -10, 10, 100],
  cos: [-100, -10, 10, 100],
};

describe.each(EVERY.map((kind) => [JSON.stringify(kind), kind] as const))("%s", (_, kind) => {
  const forward = ([x]: readonly Array64[]) => {
    const { shape, data } = x as Array64;
    let i = 0;
    return fill(shape, () => activate(kind, data[i++] ?? Number.NaN));
  };
  const scale = kind.kind === "relu6" ? 9 : 3;

  test("agrees with naive loops, forward and backward", () =>
    forAll(IMAGES, (shape) =>
      checkOp(activation, layerOf(kind), [within(random(shape, 1, scale), kind)], { forward }),
    ));

  test("stays finite far from zero, forward and backward", async () => {
    const far = FAR[kind.kind] ?? [-1e15, -1000, -100, -12, 12, 100, 1000, 1e15];
    const x = { shape: [1, far.length], data: Float32Array.from(far) };
    const y = await runForward(activation, layerOf(kind), [x]);
    const dx = await runBackward(activation, layerOf(kind), [x], {
      dy: new Float32Array(far.length).fill(1),
    });
    for (const [i, value] of y.data.entries()) {
      const right = activate(kind, x.data[i] ?? 0);
      expect(Math.abs(value - right)).toBeLessThan(1e-5 + 2e-5 * Math.abs(right));
    }
    expect(dx.every(Number.isFinite)).toBe(true);
  });
});

describe("near zero and in the tails", () => {
  /** Errors of a kind in units of the last place. */
  const of = async (kind: ActivationKind, z: readonly number[]) => {
    const x = { shape: [1, z.length], data: Float32Array.from(z) };
    const { data } = await runForward(activation, layerOf({ kind }), [x]);
    return z.map((_, i) => {
      const right = activate({ kind }, x.data[i] ?? 0);
      return Math.abs((data[i] ?? Number.NaN) / right - 1) * 2 ** 23;
    });
  };

  test("small values keep their digits", async () => {
    const small = [-1e-3, -1e-6, 1e-6, 1e-4];
    for (const kind of ["elu", "selu", "celu", "erf", "gelu", "softsign"] as const) {
      for (const error of await of(kind, small)) expect(error).toBeLessThan(8);
    }
    // WGSL allows an exponential 3 + 2·|z| units.
    const low = [-4, -10, -30, -60];
    for (const kind of ["softplus", "mish", "swish"] as const) {
      for (const [i, error] of (await of(kind, low)).entries()) {
        expect(error).toBeLessThan(8 + 2 * Math.abs(low[i] ?? 0));
      }
    }
    for (const error of await of("logSigmoid", [4, 10, 30, 60])) expect(error).toBeLessThan(128);
    const tail = [-2, -3, -4, -5, -8];
    for (const [i, error] of (await of("gelu", tail)).entries()) {
      expect(error).toBeLessThan(8 + 2 * (tail[i] ?? 0) ** 2);
    }
  });

  test("erf is right to four units in the last place", async () => {
    const z = upTo(4001).map((i) => (i - 2000) / 400 + 1e-4);
    expect(Math.max(...(await of("erf", z)))).toBeLessThan(4);
  });
});

describe("parameters", () => {
  test("are what is said where they are left out", async () => {
    const x = random([1, 40], 3, 3);
    for (const kind of ["elu", "celu", "thresholdedRelu", "clip", "generalRelu", "leakyRelu"] as const) {
      const { data } = await runForward(activation, layerOf({ kind }), [x]);
      expectClose(
        data,
        x.data.map((z) => activate({ kind }, z)),
      );
    }
  });

  test.each<[Activation, RegExp]>([
    [
      { kind: "hardSigmoid", beta: 0.5 },
      /^activation hardSigmoid: expected a finite number as alpha, got none$/,
    ],
    [{ kind: "hardSigmoid", alpha: 0.2 }, /finite number as beta, got none/],
    [
      { kind: "clip", alpha: 2, beta: 1 },
      /clip: expected alpha \(the minimum\) of at most beta, got alpha 2 and beta 1/,
    ],
    [{ kind: "clip", beta: Number.POSITIVE_INFINITY }, /finite number as beta, got Infinity/],
    [{ kind: "elu", alpha: -1 }, /elu: expected alpha above 0, got alpha -1/],
    [{ kind: "leakyRelu", alpha: Number.NaN }, /finite number as alpha, got NaN/],
  ])("%j is refused", (kind, message) => {
    expect(() => activation.shape(layerOf(kind), [[1, 2]])).toThrow(message);
    expect(() => activation.shape(layerOf(kind), [[1, 2]])).toThrow(InputError);
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
    ["clip", "gradient", [0, 0, 0, 0, 5, -5, 0, 0]],
    ["clip", "guided", [0, 0, 0, 0, 5, 0, 0, 0]],
    ["clip", "deconvnet", [5, 0, 5, 0, 5, 0, 5, 0]],
    ["clip", "redirected", [0, 0, 0, 0, 5, -5, 0, 0]],
  ])("%s, %s", async (kind, rule, expected) => {
    const layer = layerOf(kind === "clip" ? { kind, alpha: 0, beta: 5 } : { kind });
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
      layerOf(kind === "clip" ? { kind, alpha: 0, beta: 5 } : { kind }),
      [{ shape: [images.length, 4], data: new Float32Array(images.flatMap(({ z }) => z)) }],
      { dy: new Float32Array(images.flatMap(({ dy }) => dy)), rule: "redirected" },
    ).then((dx) => [...dx].map((value) => value + 0));

  test("opens closed ReLUs to what would raise them", async () => {
    expect(await run("relu", open, { ...shut, z: [-2, -2, -9, 0] })).toEqual([0, 0, -5, -1, 5, 0, 0, 5]);
  });

  test("opens a ReLU6 above its ceiling to what would lower it", async () => {
    for (const kind of ["relu6", "clip"] as const) {
      expect(await run(kind, open, shut, silent)).toEqual([0, 0, 0, -1, 5, 0, -5, 0, 0, 0, 0, 0]);
    }
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
  test("lets the plain gradient pass any activation", () => {
    for (const kind of EVERY) expect(() => assertRule("gradient", kind, "layer")).not.toThrow();
  });

  test.each(["guided", "deconvnet", "redirected"] as const)("refuses %s where there is no ReLU", (rule) => {
    const isRelu = ({ kind, alpha }: Activation): boolean =>
      ["linear", "relu", "relu6"].includes(kind) || (kind === "clip" && alpha === 0);
    for (const one of EVERY) {
      if (isRelu(one)) {
        expect(() => assertRule(rule, one, "layer")).not.toThrow();
        continue;
      }
      expect(() => assertRule(rule, one, "block1")).toThrow(UnsupportedError);
      expect(() => assertRule(rule, one, "block1")).toThrow(
        `backward rule "${rule}": expected ReLU, ReLU6 or a clip from 0, got ${one.kind} at layer "block1"; use the rule "gradient"`,
      );
    }
  });
});

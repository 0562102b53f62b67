import { describe, expect, test } from "vitest";
import { createTensor, readTensor, sizeOf, type Tensor } from "../../src/gpu/tensor.ts";
import { PASS, RULE_CODES } from "../../src/layers/activation-gradient.ts";
import { type FusedActivation, gradientCode } from "../../src/layers/activation-kinds.ts";
import { type Conv2dLayer, conv2d } from "../../src/layers/conv2d.ts";
import { type Convolution, createConvolution } from "../../src/layers/convolution.ts";
import { type Tiling, tilesFor, tilingOf } from "../../src/layers/tiling.ts";
import { testDevice } from "../gpu.ts";
import { type ConvolutionSizes, convolve, convolveBackward } from "../reference/conv2d.ts";
import { activated, expectClose, FUSED, numbers } from "../reference/numbers.ts";
import { passed } from "../reference/pointwise.ts";
import { random } from "./check.ts";
import { submit } from "./run.ts";

// A device chooses one or two of these kernels for itself. Every one of them is held against naive loops here, whichever
// this adapter would choose.

/**
 * A kernel of the convolution, and how many channels it goes from and to. What only cuts the work of a kernel in another
 * way is held with one activation: the code that applies them is the same.
 */
type Kernel = readonly [name: string, tiling: Tiling, from: number, to: number, activations: "all" | "one"];

const tile = (pixels: number, channels: number, of: number): Tiling =>
  tilingOf({ subgroups: false, pixels, channels }, of);

const KERNELS: readonly Kernel[] = [
  ["conv2d, both in fours", tile(2, 4, 12), 8, 12, "all"],
  ["conv2d, eight pixels of a thread, three channels in", tile(8, 4, 20), 3, 20, "one"],
  ["conv2d, channels one by one", tile(4, 8, 7), 5, 7, "all"],
  ["conv2d, one by one from fours", tile(4, 4, 18), 4, 18, "one"],
  ["conv2d_quads, four channels of a thread", tile(4, 4, 12), 8, 12, "all"],
  ["conv2d_quads, eight channels of a thread, three in", tile(4, 8, 40), 3, 40, "all"],
  [
    "conv2d_staged, as wide as it goes",
    tilingOf({ subgroups: false, staged: true, pixels: 4, channels: 8 }, 48),
    20,
    48,
    "all",
  ],
  ...tilesFor(await testDevice())
    .filter(({ subgroups }) => subgroups)
    .flatMap((of, i): Kernel[] => {
      const activations = i === 0 ? "all" : "one";
      return [
        [`conv2d_subgroups, ${of.pixels} pixels, in fours`, tilingOf(of, 20), 8, 20, activations],
        [`conv2d_subgroups, ${of.pixels} pixels, one by one`, tilingOf(of, 7), 5, 7, activations],
      ];
    }),
];

const LINEAR: FusedActivation = { kind: "linear" };

/** Numbers that saturate a ReLU6, and bring a sigmoid and a tanh close to it. */
const wide = (length: number, seed: number): Float32Array => numbers(length, seed).map((v) => 3 * v);

/** Runs the kernel once, over what y holds before. */
async function run(
  sizes: { readonly x: readonly number[]; readonly y: readonly number[] },
  packed: Conv2dLayer,
  backward: boolean,
  onto: Float32Array,
  options: Omit<Convolution, "label" | "x" | "w" | "b" | "y" | "kernel" | "fused"> & {
    readonly x: Float32Array;
    readonly bias?: boolean;
    readonly fused?: {
      readonly activation: FusedActivation;
      readonly a: Float32Array;
      readonly rule: number;
    };
  },
): Promise<Float32Array> {
  const device = await testDevice();
  const owned: Tensor[] = [];
  const own = (shape: readonly number[], data: Float32Array): Tensor => {
    const tensor = createTensor(device, shape, { data });
    owned.push(tensor);
    return tensor;
  };
  const { w, b, wBackward } = conv2d.constants?.(packed, [], backward) ?? {};
  const weights = backward ? wBackward : w;
  if (!weights) throw new Error("expected packed weights");
  const { bias = false, fused, x, ...rest } = options;
  const [kh = 1, kw = 1] = packed.w.shape;
  const y = own(sizes.y, onto);
  // The slots beside the one that counts hold another rule.
  const other = fused && (fused.rule + 1) % (PASS + 1);
  const rules =
    fused &&
    createTensor(device, [3], { dtype: "u32", data: Uint32Array.of(other ?? 0, fused.rule, other ?? 0) });
  if (rules) owned.push(rules);
  const command = await createConvolution(device, {
    label: "kernel",
    x: own(sizes.x, x),
    w: own(weights.shape, weights.data),
    ...(bias && b ? { b: own(b.shape, b.data) } : {}),
    y,
    kernel: [kh, kw],
    ...rest,
    ...(fused && rules
      ? {
          fused: {
            ...gradientCode(fused.activation),
            a: own(sizes.y, fused.a),
            rules: rules.buffer,
            slot: 1,
          },
        }
      : {}),
  });
  await submit(command);
  const values = await readTensor(device, y);
  command.destroy();
  for (const { buffer } of owned) buffer.destroy();
  return values;
}

const NOTHING = Number.NaN;

// Sizes at which every pixel of a thread's has work somewhere: more than three times 32 pixels, forward and of each phase.
describe.each(KERNELS)("%s", (_, tiling, from, to, activations) => {
  const fused = activations === "one" ? FUSED.filter(({ kind }) => kind === "relu6") : FUSED;

  describe("forward, with stride and dilation", () => {
    const sizes: ConvolutionSizes = {
      x: [2, 19, 8, from],
      y: [2, 10, 7, to],
      kernel: [3, 2],
      strides: [2, 1],
      dilations: [1, 2],
      before: [1, 1],
    };
    const layer: Conv2dLayer = {
      op: "conv2d",
      name: "kernel",
      inputs: ["x"],
      w: random([3, 2, from, to], 2),
      b: { shape: [to], data: wide(to, 3) },
      strides: sizes.strides,
      dilations: sizes.dilations,
      padding: { top: 1, bottom: 1, left: 1, right: 0 },
    };
    const x = wide(sizeOf(sizes.x), 4);
    const before = wide(sizeOf(sizes.y), 6);

    test.each<readonly [FusedActivation, bias: boolean, accumulate: boolean]>([
      [LINEAR, false, false],
      [LINEAR, false, true],
      ...fused.map((activation, i) => [activation, true, i % 2 === 0] as const),
    ])("%j, bias %s, accumulate %s", async (activation, bias, accumulate) => {
      const onto = accumulate ? before : before.map(() => NOTHING);
      const found = await run(sizes, layer, false, onto, {
        x,
        bias,
        activation,
        accumulate,
        tiling,
        scale: sizes.strides,
        dilation: sizes.dilations,
        offset: [-1, -1],
        phases: [1, 1],
      });
      const z = convolve(sizes, x, layer.w.data, bias ? layer.b?.data : undefined);
      expect(Math.min(...z)).toBeLessThan(-6);
      expect(Math.max(...z)).toBeGreaterThan(6);
      const expected = z.map((v, i) => activated(activation, v) + (accumulate ? (before[i] ?? NOTHING) : 0));
      expectClose(found, expected, 3e-6);
    });
  });

  describe("backward, in phases", () => {
    // The gradient goes from `from` channels to `to`, so the layer goes the other way.
    const sizes: ConvolutionSizes = {
      x: [2, 19, 24, to],
      y: [2, 9, 9, from],
      kernel: [3, 2],
      strides: [2, 3],
      dilations: [1, 2],
      before: [0, 2],
    };
    const layer: Conv2dLayer = {
      op: "conv2d",
      name: "kernel",
      inputs: ["x"],
      w: random([3, 2, to, from], 2),
      strides: sizes.strides,
      dilations: sizes.dilations,
      padding: { top: 0, bottom: 0, left: 2, right: 2 },
    };
    const dy = wide(sizeOf(sizes.y), 4);
    const before = wide(sizeOf(sizes.x), 6);
    const whole = convolveBackward(sizes, dy, layer.w.data);
    const options = {
      x: dy,
      tiling,
      scale: [1, 1],
      dilation: [-sizes.dilations[0], -sizes.dilations[1]],
      offset: sizes.before,
      phases: sizes.strides,
    } as const;
    const shapes = { x: sizes.y, y: sizes.x };

    test.each([false, true])("through no activation, accumulate %s", async (accumulate) => {
      const onto = accumulate ? before : before.map(() => NOTHING);
      const found = await run(shapes, layer, true, onto, { ...options, accumulate });
      expectClose(
        found,
        whole.map((v, i) => v + (accumulate ? (before[i] ?? NOTHING) : 0)),
        3e-6,
      );
    });

    // Outputs of an activation, with zeros and the ceiling of a ReLU6 among them.
    const a = numbers(whole.length, 8).map((v) => (v < -0.7 ? 0 : v > 0.7 ? 6 : 2 * v));

    test.each(fused)("through $kind by each rule", async (activation) => {
      const accumulate = activation.kind === "relu6";
      const onto = accumulate ? before : before.map(() => NOTHING);
      for (const rule of ["gradient", "guided", "deconvnet", "redirected", "pass"] as const) {
        const code = rule === "pass" ? PASS : RULE_CODES[rule];
        const found = await run(shapes, layer, true, onto, {
          ...options,
          accumulate,
          fused: { activation, a, rule: code },
        });
        const expected = whole.map(
          (signal, i) =>
            passed(rule, activation, a[i] ?? NOTHING, signal) + (accumulate ? (before[i] ?? NOTHING) : 0),
        );
        expectClose(found, expected, 3e-6);
      }
    });
  });
});

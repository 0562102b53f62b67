import { describe, expect, test } from "vitest";
import type { BackwardRule } from "../../src/layers/activation-gradient.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { conv2d } from "../../src/layers/conv2d.ts";
import { conv2dTranspose } from "../../src/layers/conv2d-transpose.ts";
import { dense } from "../../src/layers/dense.ts";
import { depthwiseConv2d } from "../../src/layers/depthwise-conv2d.ts";
import type { LayerBase, Op } from "../../src/layers/op.ts";
import { type PoolLayer, pool } from "../../src/layers/pool.ts";
import { expectClose, FUSED, numbers } from "../reference/numbers.ts";
import { passed } from "../reference/pointwise.ts";
import { random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

const WINDOW = { name: "g", inputs: ["x"], strides: [2, 1], dilations: [1, 1], padding: "same" } as const;
const poolOf = (mode: PoolLayer["mode"]): PoolLayer => ({
  op: "pool",
  name: "g",
  inputs: ["x"],
  mode,
  size: [2, 3],
  strides: [2, 2],
  padding: "same",
});

/** An op that takes a gradient through the activation of the layer that it writes to. */
interface Subject {
  readonly name: string;
  readonly shape: (channels: number) => readonly number[];
  readonly run: <T>(use: <L extends LayerBase>(op: Op<L, LayerBase>, layer: L) => T, channels: number) => T;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "conv2d",
    shape: (channels) => [2, 5, 4, channels],
    run: (use, channels) =>
      use(conv2d, { op: "conv2d", ...WINDOW, w: random([3, 3, channels, 6], 2) } as const),
  },
  {
    name: "conv2dTranspose",
    shape: (channels) => [2, 5, 4, channels],
    run: (use, channels) =>
      use(conv2dTranspose, {
        op: "conv2dTranspose",
        ...WINDOW,
        w: random([3, 3, channels, 6], 2),
      } as const),
  },
  {
    name: "depthwiseConv2d",
    shape: (channels) => [2, 5, 4, channels],
    run: (use, channels) =>
      use(depthwiseConv2d, {
        op: "depthwiseConv2d",
        ...WINDOW,
        w: random([3, 3, channels, 1], 2),
      } as const),
  },
  {
    name: "dense",
    shape: (channels) => [2, 9 * channels],
    run: (use, channels) =>
      use(dense, { op: "dense", name: "g", inputs: ["x"], w: random([9 * channels, 7], 2) } as const),
  },
  {
    name: "max pool",
    shape: (channels) => [2, 5, 4, channels],
    run: (use) => use(pool, poolOf("max")),
  },
  {
    name: "average pool",
    shape: (channels) => [2, 5, 4, channels],
    run: (use) => use(pool, poolOf("average")),
  },
];

describe.each(SUBJECTS)("$name takes its gradient through the activation below", ({ shape, run }) => {
  const check = async (channels: number, fused: FusedActivation, rule: BackwardRule | "pass") => {
    const x = random(shape(channels), 4, 3);
    // Outputs of the activation, with zeros and a ceiling among them.
    const a = { ...x, data: x.data.map((v) => (v < -1 ? 0 : v > 2 ? 6 : v)) };
    await run(async (op, layer) => {
      expect(op.fusion.gradient).toBe(true);
      const y = await runForward(op, layer, [a]);
      const dy = numbers(y.data.length, 5);
      const whole = await runBackward(op, layer, [a], { dy });
      expectClose(
        await runBackward(op, layer, [a], { dy, rule, fused }),
        whole.map((signal, i) => passed(rule, fused, a.data[i] ?? Number.NaN, signal)),
        1e-6,
      );
    }, channels);
  };

  test.each(["gradient", "guided", "deconvnet", "redirected", "pass"] as const)(
    "ReLU by %s",
    async (rule) => {
      for (const channels of [4, 3]) await check(channels, { kind: "relu" }, rule);
    },
  );

  test.each(FUSED)("$kind", async (activation) => {
    await check(4, activation, "gradient");
  });
});

import { describe, expect, test } from "vitest";
import { createTensor, readTensors } from "../../src/gpu/tensor.ts";
import { activationCode, type BackwardRule, type FusedActivation } from "../../src/ops/activation.ts";
import { conv2d, createConvolution } from "../../src/ops/conv2d.ts";
import { dense } from "../../src/ops/dense.ts";
import { depthwiseConv2d } from "../../src/ops/depthwise-conv2d.ts";
import type { LayerBase, Op } from "../../src/ops/op.ts";
import { type PoolLayer, pool } from "../../src/ops/pool.ts";
import { testDevice } from "../gpu.ts";
import { expectClose, FUSED, numbers } from "../reference/numbers.ts";
import { random } from "./check.ts";
import { runBackward, runForward, submit } from "./run.ts";

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
  readonly run: <T>(use: <L extends LayerBase>(op: Op<L>, layer: L) => T, channels: number) => T;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "conv2d",
    shape: (channels) => [2, 5, 4, channels],
    run: (use, channels) =>
      use(conv2d, { op: "conv2d", ...WINDOW, w: random([3, 3, channels, 6], 2) } as const),
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

/** The activation's derivative, from its output. */
function slope({ kind, alpha = 0 }: FusedActivation, a: number): number {
  switch (kind) {
    case "relu":
      return Number(a > 0);
    case "relu6":
      return Number(a > 0 && a < 6);
    case "leakyRelu":
      return a > 0 ? 1 : alpha;
    case "sigmoid":
      return a * (1 - a);
    case "tanh":
      return 1 - a * a;
    default:
      return 1;
  }
}

function passed(rule: BackwardRule | "pass", activation: FusedActivation, a: number, signal: number): number {
  if (rule === "pass" || rule === "redirected") return signal;
  const s = rule === "gradient" ? signal : Math.max(0, signal);
  return rule === "deconvnet" ? s : s * slope(activation, a);
}

test.each([
  [4, 2],
  [4, 4],
  [3, 2],
])("conv2d does so without subgroups, %i channels, tiles of %i pixels", async (channels, pixels) => {
  const device = await testDevice();
  const shape = [2, 5, 4, channels];
  const tensors = {
    x: createTensor(device, [2, 5, 4, 6], random([2, 5, 4, 6], 1)),
    w: createTensor(device, [1, 9 * 6, 4], random([1, 9 * 6, 4], 2)),
    a: createTensor(device, shape, random(shape, 3)),
    plain: createTensor(device, shape),
    y: createTensor(device, shape),
    rules: createTensor(device, [2], { dtype: "u32", data: Uint32Array.of(0, 1) }),
  };
  const { x, w, a, plain, y, rules } = tensors;
  const run = {
    label: "g",
    x,
    w,
    kernel: [3, 3],
    scale: [1, 1],
    dilation: [-1, -1],
    offset: [1, 1],
    phases: [1, 1],
    tiling: { subgroups: false, pixels, lanes: 8, columns: channels === 4 ? 1 : 4, channelLanes: 2 },
  } as const;
  const commands = [
    await createConvolution(device, { ...run, y: plain }),
    await createConvolution(device, {
      ...run,
      y,
      gate: { ...activationCode({ kind: "relu" }), a, rules: rules.buffer, slot: 1 },
    }),
  ];
  await submit(...commands);
  const [whole, gate, found] = await readTensors(device, [plain, a, y]);
  expect(whole?.some((v) => v > 0) && whole.some((v) => v < 0)).toBe(true);
  expect([...(found ?? [])].map((v) => v + 0)).toEqual(
    [...(whole ?? [])].map((v, i) => ((gate?.[i] ?? 0) > 0 ? Math.max(0, v) : 0)),
  );
  for (const command of commands) command.destroy();
  for (const { buffer } of Object.values(tensors)) buffer.destroy();
});

describe.each(SUBJECTS)("$name takes its gradient through the activation below", ({ shape, run }) => {
  const check = async (channels: number, gate: FusedActivation, rule: BackwardRule | "pass") => {
    const x = random(shape(channels), 4, 3);
    // Outputs of the activation, with zeros and a ceiling among them.
    const a = { ...x, data: x.data.map((v) => (v < -1 ? 0 : v > 2 ? 6 : v)) };
    await run(async (op, layer) => {
      expect(op.gates).toBe(true);
      const y = await runForward(op, layer, [a]);
      const dy = numbers(y.data.length, 5);
      const whole = await runBackward(op, layer, [a], { dy });
      expectClose(
        await runBackward(op, layer, [a], { dy, rule, gate }),
        whole.map((signal, i) => passed(rule, gate, a.data[i] ?? Number.NaN, signal)),
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

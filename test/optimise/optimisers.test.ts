import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordCommands } from "../../src/gpu/command.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, type Tensor } from "../../src/gpu/tensor.ts";
import { adam, nadam } from "../../src/optimise/optimisers/adam.ts";
import { gradientAscent, normalisedGradient } from "../../src/optimise/optimisers/gradient-ascent.ts";
import { lbfgs } from "../../src/optimise/optimisers/lbfgs.ts";
import { momentum } from "../../src/optimise/optimisers/momentum.ts";
import type { Optimiser } from "../../src/optimise/optimisers/optimiser.ts";
import { testDevice } from "../gpu.ts";
import { random, values as randoms } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
let step: Tensor<"u32">;

beforeAll(async () => {
  device = await testDevice();
  step = createTensor(device, [1], { dtype: "u32" });
});
afterAll(() => step.buffer.destroy());

/** An objective of the parameters of one image, and its gradient. */
interface Hill {
  readonly size: number;
  value(x: Float32Array): number;
  slope(x: Float32Array): Float32Array;
}

/** Minus Rosenbrock's function: its top is at (1, 1), along a curved ridge. */
const ROSENBROCK: Hill = {
  size: 2,
  value: ([x = 0, y = 0]) => -((1 - x) ** 2 + 100 * (y - x * x) ** 2),
  slope: ([x = 0, y = 0]) => Float32Array.of(2 * (1 - x) + 400 * x * (y - x * x), -200 * (y - x * x)),
};

/** Minus a stretched bowl of many parameters about `top`, more than one workgroup sums. */
const top = randoms(9001, random(4));
const BOWL: Hill = {
  size: 9001,
  value: (x) => -x.reduce((sum, v, i) => sum + 0.5 * (1 + (i % 7)) * (v - (top[i] ?? 0)) ** 2, 0),
  slope: (x) => x.map((v, i) => -(1 + (i % 7)) * (v - (top[i] ?? 0))),
};

/** Lets images climb a hill; the values and gradients are computed here. */
async function climb(optimiser: Optimiser, hill: Hill, starts: readonly Float32Array[], steps: number) {
  const images = starts.length;
  const each = hill.size;
  const [parameters, gradient] = [0, 1].map(() => createTensor(device, [images, each])) as [Tensor, Tensor];
  const values = createTensor(device, [images]);
  const made = await optimiser.create({ device, parameters, gradient, values, step });
  const trail: number[] = [];
  let x = Float32Array.from(starts.flatMap((start) => [...start]));
  device.queue.writeBuffer(parameters.buffer, 0, x);
  for (let k = 0; k < steps; k++) {
    const parts = starts.map((_, n) => x.subarray(n * each, (n + 1) * each));
    device.queue.writeBuffer(step.buffer, 0, Uint32Array.of(k));
    device.queue.writeBuffer(
      values.buffer,
      0,
      Float32Array.from(parts, (part) => hill.value(part)),
    );
    device.queue.writeBuffer(
      gradient.buffer,
      0,
      Float32Array.from(parts.flatMap((part) => [...hill.slope(part)])),
    );
    trail.push(hill.value(parts[0] ?? x));
    const encoder = device.createCommandEncoder();
    recordCommands(encoder, [made.update(k)]);
    device.queue.submit([encoder.finish()]);
    x = Float32Array.from(await readTensor(device, parameters));
  }
  made.destroy();
  for (const { buffer } of [parameters, gradient, values]) buffer.destroy();
  return { x, trail };
}

const OPTIMISERS: readonly (readonly [string, Optimiser])[] = [
  ["gradient ascent", gradientAscent({ rate: 0.05 })],
  ["normalised gradient", normalisedGradient({ rate: 0.05 })],
  ["gradient of length", normalisedGradient({ rate: 0.05, by: "norm" })],
  ["progress", normalisedGradient({ rate: 2, by: "progress", most: 0.1 })],
  ["signs", normalisedGradient({ rate: 0.01, by: "sign" })],
  ["momentum", momentum({ rate: 0.02 })],
  ["Adam", adam()],
  ["NAdam", nadam({ rate: 0.05 })],
  ["L-BFGS", lbfgs({ history: 4 })],
  ["L-BFGS with a line search", lbfgs({ history: 4, lineSearch: true })],
];

describe.each(OPTIMISERS)("%s", (_, optimiser) => {
  test("climbs, and an image comes out the same to the bit in any batch", async () => {
    const starts = [1, 2, 3].map((seed) => randoms(BOWL.size, random(seed)));
    const together = await climb(optimiser, BOWL, starts, 6);
    const alone = await climb(optimiser, BOWL, starts.slice(1, 2), 6);
    expect(together.x.subarray(BOWL.size, 2 * BOWL.size)).toEqual(alone.x);
    expect(alone.trail.at(-1)).toBeGreaterThan(alone.trail[0] ?? 0);
  });

  test("lets an image of NaN leave the others alone", async () => {
    const starts = [randoms(8, random(1)), new Float32Array(8).fill(Number.NaN)];
    const bowl = { ...BOWL, size: 8 };
    const together = await climb(optimiser, bowl, starts, 3);
    const alone = await climb(optimiser, bowl, starts.slice(0, 1), 3);
    expect(together.x.subarray(0, 8)).toEqual(alone.x);
  });

  test("frees what it made", async () => {
    const { left, objects } = await liveBytes(device, () =>
      climb(optimiser, { ...BOWL, size: 8 }, [new Float32Array(8)], 2),
    );
    expect([left, objects]).toEqual([0, 0]);
  });
});

describe("a step's length", () => {
  const start = Float32Array.of(3, -4);
  const flat: Hill = {
    size: 2,
    value: ([x = 0, y = 0]) => 3 * x - 4 * y,
    slope: () => Float32Array.of(3, -4),
  };

  test.each<[string, Optimiser, [number, number]]>([
    ["by its mean", normalisedGradient({ rate: 0.7 }), [0.7 * (3 / 3.5), 0.7 * (-4 / 3.5)]],
    ["by its norm", normalisedGradient({ rate: 2, by: "norm" }), [2 * 0.6, 2 * -0.8]],
    ["by its progress", normalisedGradient({ rate: 5, by: "progress" }), [5 * (3 / 25), 5 * (-4 / 25)]],
    ["by its progress, at most", normalisedGradient({ rate: 5, by: "progress", most: 0.01 }), [0.03, -0.04]],
  ])("is given %s", async (_, optimiser, [dx, dy]) => {
    const { x } = await climb(optimiser, flat, [start], 1);
    expect((x[0] ?? 0) - 3).toBeCloseTo(dx, 5);
    expect((x[1] ?? 0) + 4).toBeCloseTo(dy, 5);
  });

  test("of a gradient of zero is none", async () => {
    const level: Hill = { ...flat, slope: () => new Float32Array(2) };
    for (const by of ["mean", "norm", "progress", "sign"] as const) {
      expect((await climb(normalisedGradient({ rate: 1, by }), level, [start], 1)).x).toEqual(start);
    }
  });

  test("follows its schedule, and the last rate goes on", async () => {
    const pieces = gradientAscent({
      rate: [
        { steps: 2, rate: 1 },
        { steps: 1, rate: 0.1 },
      ],
    });
    const { x } = await climb(pieces, flat, [new Float32Array(2)], 5);
    expect(x[0]).toBeCloseTo(3 * (1 + 1 + 0.1 * 3), 5);
    const line = gradientAscent({ rate: { from: 4, to: 1, steps: 4 } });
    expect((await climb(line, flat, [new Float32Array(2)], 6)).x[0]).toBeCloseTo(
      3 * (4 + 3 + 2 + 1 + 1 + 1),
      4,
    );
  });

  test("with momentum forgets the moves before whenever the rate changes, unless it is told not to", async () => {
    const rate = [
      { steps: 2, rate: 1 },
      { steps: 2, rate: 0.5 },
    ];
    const forgets = await climb(momentum({ rate }), flat, [new Float32Array(2)], 4);
    // Moves: 1, 1.9; then 0.5, 0.95.
    expect(forgets.x[0]).toBeCloseTo(3 * (1 + 1.9 + 0.5 + 0.95), 4);
    const keeps = await climb(momentum({ rate, reset: false }), flat, [new Float32Array(2)], 4);
    // Moves: 1, 1.9; then 0.5 + 1.71 = 2.21, 0.5 + 1.989 = 2.489.
    expect(keeps.x[0]).toBeCloseTo(3 * (1 + 1.9 + 2.21 + 2.489), 4);
  });
});

describe("L-BFGS", () => {
  test("with a line search reaches the top of a curved ridge, and never goes down for good", async () => {
    const start = Float32Array.of(-1.2, 1);
    const { x, trail } = await climb(lbfgs({ history: 6, lineSearch: true }), ROSENBROCK, [start], 120);
    expect(x[0]).toBeCloseTo(1, 2);
    expect(x[1]).toBeCloseTo(1, 2);
    let best = Number.NEGATIVE_INFINITY;
    // Of several tries the last one is no worse than where they began.
    for (const value of trail.slice(-20)) best = Math.max(best, value);
    expect(best).toBeGreaterThan(-1e-4);
  });

  test("without one finds the top of a bowl in few steps", async () => {
    const { x } = await climb(lbfgs(), BOWL, [new Float32Array(BOWL.size)], 25);
    const off = x.reduce((most, v, i) => Math.max(most, Math.abs(v - (top[i] ?? 0))), 0);
    expect(off).toBeLessThan(1e-2);
  });
});

describe("what cannot be right", () => {
  test.each<[string, () => Optimiser, RegExp]>([
    ["a rate of 0", () => gradientAscent({ rate: 0 }), /gradientAscent: expected a rate above 0, got 0/],
    [
      "a rate of NaN in a schedule",
      () => momentum({ rate: [{ steps: 2, rate: Number.NaN }] }),
      /momentum: expected a rate above 0, got NaN/,
    ],
    ["an empty schedule", () => adam({ rate: [] }), /adam: expected a rate above 0, got none/],
    [
      "parts of steps",
      () => adam({ rate: [{ steps: 0.5, rate: 1 }] }),
      /a schedule of 1 to 1048576 steps, got 0.5/,
    ],
    ["a beta of 1", () => adam({ betas: [1, 0.9] }), /two betas of 0 to below 1, got 1, 0.9/],
    ["a decay of 1", () => momentum({ rate: 1, decay: 1 }), /a decay of 0 to below 1, got 1/],
    ["a history of 0", () => lbfgs({ history: 0 }), /a history of 1 to 100 pairs, got 0/],
    [
      "a most of signs",
      () => normalisedGradient({ rate: 1, by: "sign", most: 1 }),
      /expected no most with "sign"/,
    ],
    ["a most of 0", () => normalisedGradient({ rate: 1, most: 0 }), /a most above 0, got 0/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});

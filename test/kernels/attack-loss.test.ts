import { beforeAll, describe, expect, test } from "vitest";
import { withScope } from "../../src/gpu/scope.ts";
import { readTensors } from "../../src/gpu/tensor.ts";
import { type AttackGoal, createAttackLoss } from "../../src/kernels/attack.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const SCORES = [
  [0.5, 2, -1, 1.25],
  [3, -2, 0.75, 1],
  [-0.5, 0.25, 0.125, -3],
];

interface Options {
  readonly margin?: boolean;
  readonly ceiling?: number;
}

/** What the kernel says of every picture: loss, how far beyond the goal, gradient. */
function found(goals: readonly AttackGoal[], options: Options & { sigmoid: boolean }): Promise<number[][]> {
  return withScope(device, "test", async ({ tensor, command }) => {
    const a = tensor([3, 4], { data: Float32Array.from(SCORES.flat()) });
    const asked = tensor([3, 3], { data: Float32Array.from(goals.flat()) });
    const [losses, dy] = [tensor([3, 2]), tensor([3, 4])];
    await submit(await command(createAttackLoss(device, { a, goals: asked, losses, dy, ...options })));
    const [value = [], gradient = []] = await readTensors(device, [losses, dy]);
    return SCORES.map((_, n) => [...value.slice(2 * n, 2 * n + 2), ...gradient.slice(4 * n, 4 * n + 4)]);
  });
}

/** How far the others are in front of the class that is asked: by their largest, or by log Σ exp. */
function inFront(
  scores: readonly number[],
  [channel, side]: AttackGoal,
  margin: boolean,
  sigmoid: boolean,
): number {
  const others = scores.filter((_, k) => k !== channel);
  const best = margin
    ? Math.max(...others)
    : Math.log(others.reduce((sum, score) => sum + Math.exp(score), 0));
  return (sigmoid ? 0 : best) - side * (scores[channel] ?? 0);
}

const softplus = (d: number) => Math.log1p(Math.exp(d));

const GOALS: readonly AttackGoal[][] = [
  [
    [1, 1, 1],
    [0, 1, 1],
    [3, 1, 1],
  ],
  [
    [1, 1, -1],
    [2, 1, -1],
    [0, 1, -1],
  ],
];
const SIDES: readonly AttackGoal[][] = [
  [
    [1, 1, 1],
    [0, -1, 1],
    [3, -1, -1],
  ],
];

describe.each([false, true])("the loss of attacks, labels by themselves: %o", (sigmoid) => {
  test.each<[string, Options]>([
    ["cross-entropy", {}],
    ["margin", { margin: true }],
    ["margin up to a confidence", { margin: true, ceiling: 1.5 }],
    ["margin up to a great confidence", { margin: true, ceiling: 20 }],
  ])("%s, and its gradient by differences", async (_, { margin = false, ceiling = 0 }) => {
    for (const goals of sigmoid ? SIDES : GOALS) {
      const lossOf = (scores: readonly number[], goal: AttackGoal): number => {
        const d = inFront(scores, goal, margin, sigmoid);
        return margin ? Math.min(goal[2] * d, ceiling) : goal[2] * softplus(d);
      };
      for (const [n, own] of (await found(goals, { margin, ceiling, sigmoid })).entries()) {
        const [scores = [], goal = [0, 1, 1]] = [SCORES[n], goals[n]];
        const slopes = scores.map((_, k) => {
          const at = (h: number) =>
            lossOf(
              scores.map((score, j) => (j === k ? score + h : score)),
              goal,
            );
          return (at(1e-5) - at(-1e-5)) / 2e-5;
        });
        const beyond = goal[2] * inFront(scores, goal, true, sigmoid);
        for (const [i, value] of [lossOf(scores, goal), beyond, ...slopes].entries()) {
          expect(own[i]).toBeCloseTo(value, 5);
        }
      }
    }
  });
});

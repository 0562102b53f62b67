import type { Bench, Case, Goal, Prepared, Task } from "../case.ts";
import { prepareHistogram } from "../channel-statistics/histogram.ts";
import { prepareMoments } from "../channel-statistics/moments.ts";
import { STATISTICS_PASS } from "../channel-statistics/statistics-pass.ts";
import { prepareTopK } from "../channel-statistics/top-k.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

/** A pass over activations; every value is read once and compared or added a few times. */
function taskOf(
  shape: Shape,
  prepare: (bench: Bench, shape: Shape) => Promise<Prepared>,
  flops: number,
): Task {
  const size = sizeOf(shape);
  return {
    size: formatShape(shape),
    work: { flops: flops * size, bytes: 4 * size },
    prepare: (bench) => prepare(bench, shape),
  };
}

const REAL = [8, 56, 56, 64] as const;

const MOMENTS_GOALS: readonly Goal[] = [
  { of: "tfjs", least: 15 },
  { of: "onnxruntime", least: 5 },
  { of: "limit", least: 0.8 },
];
const PASS_GOALS: readonly Goal[] = [
  { of: "tfjs", least: 8 },
  { of: STATISTICS_PASS, most: 1.3 },
];

/** Cases of statistics of activations over a data set. */
export const statisticsCases: readonly Case[] = [
  {
    id: "statistics/moments",
    title: "mean, variance, min, max, zeros",
    goals: MOMENTS_GOALS,
    tasks: [taskOf(REAL, prepareMoments, 6)],
  },
  {
    id: "statistics/moments-wide",
    title: "mean, variance, min, max, zeros of many channels",
    goals: MOMENTS_GOALS,
    tasks: [taskOf([8, 14, 14, 512], prepareMoments, 6)],
  },
  {
    id: "statistics/histogram",
    title: "histogram of each channel",
    goals: PASS_GOALS,
    tasks: [taskOf(REAL, prepareHistogram, 3), taskOf([2, 56, 56, 64], prepareHistogram, 3)],
  },
  {
    id: "statistics/top-k",
    title: "nine largest of each channel",
    goals: PASS_GOALS,
    tasks: [taskOf(REAL, prepareTopK, 1), taskOf([2, 56, 56, 64], prepareTopK, 1)],
  },
  ...[7, 14, 28, 56].map(
    (side): Case => ({
      id: `growth/moments-${side}`,
      title: `mean, variance, min, max, zeros at ${side}×${side}`,
      tasks: [taskOf([4, side, side, 64], prepareMoments, 6)],
      growth: {
        series: "statistics of 4 images, 64 channels",
        axis: "values of a channel",
        at: 4 * side * side,
      },
    }),
  ),
];

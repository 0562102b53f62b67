import { withScope } from "../gpu/scope.ts";
import { pictureOf } from "../graph/graph.ts";
import { hash32 } from "../kernels/masking.ts";
import { createRankedBatch, PLAN_LENGTH } from "../kernels/perturbing.ts";
import type { Network } from "../network/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { ranksOf } from "./importance.ts";
import type { TrustCurve } from "./measures.ts";
import { type ScoresOptions, scoresOf, type Watched, wholeBatches } from "./scores.ts";

export type CurveName = "insertion" | "deletion";

export interface CurvesSite extends Watched {
  /** [H, W, C] */
  readonly input: Float32Array;
  /** `[H, W]`: what the pixels are ranked by, the largest first. */
  readonly importance: Float32Array;
  readonly objective: Objective;
  /** First image of insertion and last image of deletion, each [H, W, C]. */
  readonly baselines: Readonly<Record<CurveName, Float32Array>>;
  readonly which: readonly CurveName[];
  readonly steps: number;
  /** Random rankings beside the map's own. */
  readonly randomBaselines: number;
  readonly seed: number;
}

const BASES: readonly CurveName[] = ["insertion", "deletion"];

/** The area under a curve of equal steps on [0, 1], by the trapezoidal rule. */
export function areaOf(curve: readonly number[]): number {
  const sum = curve.reduce((total, value) => total + value, 0);
  return (sum - ((curve[0] ?? 0) + (curve.at(-1) ?? 0)) / 2) / (curve.length - 1);
}

/**
 * Shift from the map's ranking to random ranking `index`, in rows and columns: at least a quarter of a side, cyclic.
 * The shifted map is as smooth as the map itself. Scattered pixels would be an unfair baseline: they spoil a picture
 * sooner than a patch, whatever they show.
 */
export function chanceShift(
  seed: number,
  index: number,
  [height, width]: readonly [number, number],
): [number, number] {
  const key = hash32(index ^ hash32(seed));
  const along = (size: number, axis: number): number =>
    (Math.floor(size / 4) + (hash32(hash32(axis) ^ key) % Math.ceil(size / 2))) % size;
  return [along(height, 0), along(width, 1)];
}

/**
 * Insertion and deletion (Petsiuk et al. 2018, section 4.2): the score as the pixels of a map, strongest first, come over a
 * baseline, or go behind one, in equal steps. After step k of n, round(k·H·W/n) pixels have come or gone.
 */
export function curvesOf(
  network: Network,
  site: CurvesSite,
  options: ScoresOptions,
): Promise<Partial<Record<CurveName, TrustCurve>>> {
  const { input, importance, objective, baselines, which, steps, randomBaselines, seed } = site;
  const { device, graph } = network;
  const { shape } = pictureOf(graph, "trust");
  const [height, width] = shape;
  const pixels = height * width;
  const rows: number[] = [];
  for (const name of which) {
    for (let ranking = 0; ranking <= randomBaselines; ranking++) {
      const shift = ranking === 0 ? [0, 0] : chanceShift(seed, ranking, [height, width]);
      for (let step = 0; step <= steps; step++) {
        const changed = Math.round((step * pixels) / steps);
        const shown = name === "insertion" ? [0, changed] : [changed, pixels];
        rows.push(BASES.indexOf(name), ...shown, ...shift);
      }
    }
  }
  const count = rows.length / PLAN_LENGTH;
  return withScope(device, "trust curves", async ({ tensor }) => {
    const label = "trust curves";
    const x = tensor(shape, { data: input, label });
    const both = new Float32Array(2 * input.length);
    for (const [place, name] of BASES.entries()) both.set(baselines[name], place * input.length);
    const bases = tensor([2, ...shape], { data: both, label });
    const ranks = tensor([height, width], { dtype: "u32", data: ranksOf(importance), label });
    const table = new Uint32Array(PLAN_LENGTH * wholeBatches(network, count));
    table.set(rows);
    const plan = tensor([table.length], { dtype: "u32", data: table, label });
    const fill = { x, bases, ranks, plan, y: network.input };
    const scores = await scoresOf(
      network,
      objective,
      count,
      (position) => createRankedBatch(device, { ...fill, position }),
      options,
    );
    site.onScores?.(scores);
    const curves = Array.from({ length: which.length * (randomBaselines + 1) }, (_, curve) => [
      ...scores.subarray(curve * (steps + 1), (curve + 1) * (steps + 1)),
    ]);
    return Object.fromEntries(
      which.map((name, place) => {
        const [curve = [], ...random] = curves.slice(
          place * (randomBaselines + 1),
          (place + 1) * (randomBaselines + 1),
        );
        return [name, { curve, area: areaOf(curve), randomBaselines: random.map(areaOf) }];
      }),
    );
  });
}

import { withScope } from "../gpu/scope.ts";
import { inputOf, pictureOf } from "../graph/graph.ts";
import { hash32 } from "../kernels/masking.ts";
import { createCellsBatch, createUniformBatch, uniformNoise } from "../kernels/perturbing.ts";
import type { Network } from "../network/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { pearson } from "./correlation.ts";
import type { Infidelity } from "./measures.ts";
import { type ScoresOptions, type SharedScores, scoresOf, type Watched, wholeBatches } from "./scores.ts";

export interface CellsSite extends Watched {
  /** [H, W, C] */
  readonly input: Float32Array;
  /** `[H, W, C]`: what takes the place of removed cells. */
  readonly baseline: Float32Array;
  /** `[H, W]`: what the pixels weigh. */
  readonly importance: Float32Array;
  readonly objective: Objective;
  readonly grid: number;
  readonly shared: SharedScores;
}

/**
 * The cells that sample `sample` of μFidelity removes: `size` of `cells`, those with the smallest hashes, equal ones in their
 * order.
 */
export function subsetOf(seed: number, sample: number, cells: number, size: number): number[] {
  const key = hash32(sample ^ hash32(seed));
  return Array.from({ length: cells }, (_, cell) => ({ cell, draw: hash32(hash32(cell) ^ key) }))
    .sort((a, b) => a.draw - b.draw || a.cell - b.cell)
    .slice(0, size)
    .map(({ cell }) => cell);
}

/**
 * μFidelity (Bhatt et al. 2020, arXiv:2005.00631, definition 3): Pearson's correlation, over random subsets of the cells of a
 * grid, of what their pixels sum to in the map with how far the score falls when they are replaced by the baseline.
 */
export async function muFidelityOf(
  network: Network,
  site: CellsSite & { readonly removedFraction: number; readonly subsets: number; readonly seed: number },
  options: ScoresOptions,
): Promise<number> {
  const { grid, removedFraction, subsets, seed } = site;
  const cells = grid * grid;
  const size = Math.min(cells, Math.max(1, Math.round(removedFraction * cells)));
  const removed = Array.from({ length: subsets }, (_, i) => subsetOf(seed, i, cells, size));
  const { sums, falls } = await withoutCells(
    network,
    site,
    { removed, of: [removedFraction, subsets, seed] },
    options,
  );
  return pearson(sums, falls);
}

/**
 * Infidelity (Yeh et al. 2019, arXiv:1901.09392, definition 2.1) whose perturbation removes one cell of the grid, each once:
 * I·φ is what the cell's pixels sum to in the map.
 */
export async function infidelityByCells(
  network: Network,
  site: CellsSite,
  options: ScoresOptions,
): Promise<Infidelity> {
  const removed = Array.from({ length: site.grid ** 2 }, (_, cell) => [cell]);
  const { sums, falls } = await withoutCells(network, site, { removed, of: "each" }, options);
  return { ...misses(sums, falls), by: "cells" };
}

export interface NoiseSite extends Watched {
  /** [H, W, C] */
  readonly input: Float32Array;
  /** [H, W, C] */
  readonly map: Float32Array;
  readonly objective: Objective;
  /** Radius in units of the input. */
  readonly radius: number;
  readonly noiseSamples: number;
  readonly seed: number;
  readonly shared: SharedScores;
}

/** Infidelity whose perturbation I is uniform noise in (−radius, radius), drawn for every element. */
export async function infidelityByNoise(
  network: Network,
  { input, map, objective, radius, noiseSamples, seed, shared, onScores }: NoiseSite,
  options: ScoresOptions,
): Promise<Infidelity> {
  const { device, graph } = network;
  const { shape } = inputOf(graph);
  const of = ["noise", seed, radius, noiseSamples, objective.terms];
  const [clean = 0, ...noisy] = await shared.get(network, { input, inputs: options.inputs, of }, () =>
    withScope(device, "infidelity", async ({ tensor }) => {
      const x = tensor(shape, { data: input, label: "infidelity" });
      const fill = { x, y: network.input, seed, radius };
      return scoresOf(
        network,
        objective,
        noiseSamples + 1,
        (position) => createUniformBatch(device, { ...fill, position }),
        options,
      );
    }),
  );
  onScores?.([clean, ...noisy]);
  const sums = noisy.map((_, i) =>
    uniformNoise(seed, i + 1, input.length, radius).reduce(
      (sum, noise, element) => sum + noise * (map[element] ?? 0),
      0,
    ),
  );
  const falls = noisy.map((score) => clean - score);
  return { ...misses(sums, falls), by: "noise" };
}

/** Compares the sums of a map over subsets of cells with the score's fall without them. */
async function withoutCells(
  network: Network,
  { input, baseline, importance, objective, grid, shared, onScores }: CellsSite,
  { removed, of }: { readonly removed: readonly (readonly number[])[]; readonly of: unknown },
  options: ScoresOptions,
): Promise<{ readonly sums: readonly number[]; readonly falls: readonly number[] }> {
  const { device, graph } = network;
  const { shape } = pictureOf(graph, "trust");
  const [height, width] = shape;
  const words = Math.ceil(grid ** 2 / 32);
  const weights = new Float64Array(grid ** 2);
  for (const [pixel, value] of importance.entries()) {
    const row = Math.floor((Math.floor(pixel / width) * grid) / height);
    const cell = row * grid + Math.floor(((pixel % width) * grid) / width);
    weights[cell] = (weights[cell] ?? 0) + value;
  }
  // The first sample is the whole image.
  const count = removed.length + 1;
  const table = new Uint32Array(words * wholeBatches(network, count));
  for (const [i, cells] of removed.entries()) {
    for (const cell of cells) {
      const at = (i + 1) * words + Math.floor(cell / 32);
      table[at] = ((table[at] ?? 0) | (1 << (cell % 32))) >>> 0;
    }
  }
  const asked = { input, inputs: options.inputs, base: baseline, of: ["cells", grid, of, objective.terms] };
  const [clean = 0, ...without] = await shared.get(network, asked, () =>
    withScope(device, "infidelity", async ({ tensor }) => {
      const label = "trust cells";
      const fill = {
        x: tensor(shape, { data: input, label }),
        base: tensor(shape, { data: baseline, label }),
        hidden: tensor([table.length], { dtype: "u32", data: table, label }),
        y: network.input,
        grid,
      };
      return scoresOf(
        network,
        objective,
        count,
        (position) => createCellsBatch(device, { ...fill, position }),
        options,
      );
    }),
  );
  onScores?.([clean, ...without]);
  return {
    sums: removed.map((cells) => cells.reduce((sum, cell) => sum + (weights[cell] ?? 0), 0)),
    falls: without.map((score) => clean - score),
  };
}

function misses(sums: readonly number[], falls: readonly number[]): Omit<Infidelity, "by"> {
  let [ss, sf, ff, value] = [0, 0, 0, 0];
  for (const [i, sum] of sums.entries()) {
    const fall = falls[i] ?? 0;
    ss += sum * sum;
    sf += sum * fall;
    ff += fall * fall;
    value += (sum - fall) ** 2 / sums.length;
  }
  const scale = ss > 0 ? sf / ss : 0;
  const left = sums.reduce((total, sum, i) => total + (scale * sum - (falls[i] ?? 0)) ** 2, 0);
  return { value, relative: ff > 0 ? left / ff : 0, scale };
}

import { Draws } from "../../src/sampling/draws.ts";

/** Colours by row and column. */
export type Picture = readonly (readonly (readonly number[])[])[];

export interface GrowthSettings {
  readonly size: readonly [number, number];
  readonly window: number;
  readonly tolerance: number;
  readonly farthest: number;
  readonly seed: number;
}

/** A whole draw below a number, as texture_choice.wgsl has it: the hash of a seed, a sample and an element, by its remainder. */
function drawnBelow(count: number, ...[seed, sample, element]: readonly [number, number, number]): number {
  const hash = (v: bigint): bigint => {
    const word = (1n << 32n) - 1n;
    const state = (v * 747796405n + 2891336453n) & word;
    const mixed = (((state >> ((state >> 28n) + 4n)) ^ state) * 277803737n) & word;
    return (mixed >> 22n) ^ mixed;
  };
  return Number(hash(hash(BigInt(element)) ^ hash(BigInt(sample) ^ hash(BigInt(seed)))) % BigInt(count));
}

/** Efros & Leung's algorithm in plain loops over lists, with the distances of every window in double precision. */
export function growTexture(
  sample: Picture,
  { size: [height, width], window, tolerance, farthest, seed }: GrowthSettings,
): Picture {
  const half = (window - 1) / 2;
  const places: [number, number][] = [];
  for (let y = -half; y <= half; y++) for (let x = -half; x <= half; x++) places.push([y, x]);
  const bells = places.map(([y, x]) => Math.exp(-(y * y + x * x) / (2 * (window / 6.4) ** 2)));
  const sum = bells.reduce((a, b) => a + b, 0);
  const unit = Math.floor((2 ** 32 / (3 * 255 * 255) - window * window) / sum);
  const weights = bells.map((bell) => Math.round(bell * unit));

  const texture: (readonly number[] | undefined)[][] = Array.from({ length: height }, () => Array(width));
  const start = new Draws(seed, 2 ** 32 - 1);
  const [fromY, fromX] = [start.below(sample.length - 2), start.below((sample[0]?.length ?? 0) - 2)];
  const [toY, toX] = [Math.floor((height - 3) / 2), Math.floor((width - 3) / 2)];
  for (const y of [0, 1, 2]) {
    for (const x of [0, 1, 2]) {
      const row = texture[toY + y];
      if (row) row[toX + x] = sample[fromY + y]?.[fromX + x];
    }
  }

  let limit = farthest;
  for (let round = 0; texture.some((row) => [...row].includes(undefined)); round++) {
    const queue: [number, number, number][] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (texture[y]?.[x]) continue;
        let around = 0;
        for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) if (texture[y + dy]?.[x + dx]) around++;
        if (around > 0) queue.push([y, x, around]);
      }
    }
    const draws = new Draws(seed, round);
    for (let i = queue.length - 1; i > 0; i--) {
      const j = draws.below(i + 1);
      [queue[i], queue[j]] = [queue[j] ?? [0, 0, 0], queue[i] ?? [0, 0, 0]];
    }
    // Array.prototype.sort is stable.
    queue.sort(([, , a], [, , b]) => b - a);
    let filled = 0;
    for (const [y, x] of queue) {
      const windows: { distance: number; color: readonly number[] }[] = [];
      for (let cy = half; cy < sample.length - half; cy++) {
        for (let cx = half; cx < (sample[0]?.length ?? 0) - half; cx++) {
          let distance = 0;
          for (const [k, [dy, dx]] of places.entries()) {
            const known = texture[y + dy]?.[x + dx];
            const own = sample[cy + dy]?.[cx + dx];
            if (!known) continue;
            for (const c of [0, 1, 2])
              distance += (weights[k] ?? 0) * ((known[c] ?? 0) - (own?.[c] ?? 0)) ** 2;
          }
          windows.push({ distance, color: sample[cy]?.[cx] ?? [] });
        }
      }
      const best = Math.min(...windows.map(({ distance }) => distance));
      const near = windows.filter(({ distance }) => distance <= best + Math.floor((best * tolerance) / 1000));
      const chosen = near[drawnBelow(near.length, seed, round, y * width + x)];
      const weight = places.reduce(
        (w, [dy, dx], k) => w + (texture[y + dy]?.[x + dx] ? (weights[k] ?? 0) : 0),
        0,
      );
      if (!chosen || chosen.distance >= weight * Math.min(195076, Math.ceil(limit * 195075))) continue;
      const row = texture[y];
      if (row) row[x] = chosen.color;
      filled++;
    }
    if (filled === 0) limit *= 1.1;
  }
  return texture.map((row) => row.map((color) => color ?? []));
}

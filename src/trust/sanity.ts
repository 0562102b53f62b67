import type { Network, Target } from "../network/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { hash32 } from "../ops/masking.ts";
import { uniformNoise } from "../ops/perturbing.ts";
import type { Attribution, AttributionTechnique } from "../techniques/catalogue.ts";
import { predict } from "../techniques/predict.ts";
import { spearman } from "./correlation.ts";
import { importanceOf } from "./importance.ts";

/** A map, and how its technique makes another. */
export interface Made {
  /** [H, W, C]: the image as the network takes it. */
  readonly input: Float32Array;
  readonly target: Target | Objective;
  readonly map: Attribution;
  readonly figure: AttributionTechnique["figure"] | undefined;
  run(network: Network, input: Float32Array, target: Target | Objective): Promise<Attribution>;
}

/**
 * Max-sensitivity (Yeh et al. 2019, arXiv:1901.09392, definition 3.1), by Monte Carlo: the largest ‖φ(x + δ) − φ(x)‖ / ‖φ(x)‖
 * over uniform noise δ in (−radius, radius), Euclidean norms; of a map that is zero, without the division.
 */
export async function sensitivityOf(
  network: Network,
  { input, target, map, run }: Made,
  noise: { readonly radius: number; readonly perturbations: number; readonly seed: number },
  onProgress?: (fraction: number) => void,
): Promise<number> {
  const size = norm(map.data) || 1;
  let most = 0;
  for (let sample = 1; sample <= noise.perturbations; sample++) {
    const delta = uniformNoise(noise.seed, sample, input.length, noise.radius);
    const near = await run(
      network,
      input.map((value, i) => value + (delta[i] ?? 0)),
      target,
    );
    most = Math.max(most, norm(near.data.map((value, i) => value - (map.data[i] ?? 0))) / size);
    onProgress?.(sample / noise.perturbations);
  }
  return most;
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/**
 * Spearman's rank correlation of a map's magnitudes, a pixel or cell each, with those of the map that a network, or a
 * target, gives in its place (Adebayo et al. 2018, arXiv:1810.03292, section 3).
 */
export async function likenessTo(
  network: Network,
  target: Target | Objective,
  { input, map, figure, run }: Made,
): Promise<number> {
  const other = await run(network, input, target);
  const [a, b] = [map, other].map((made) => importanceOf(made, figure).data.map(Math.abs));
  return spearman(a ?? [], b ?? []);
}

/** Classes to compare a class's map with. */
export interface OtherClasses {
  /** The class with the highest score but its own. */
  readonly runnerUp: number;
  /** Any class but these two, where there is a third: a function of the seed. */
  readonly random: number;
}

export async function otherClassesOf(
  network: Network,
  input: Float32Array,
  own: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<OtherClasses | undefined> {
  const all = await predict(network, input, {
    top: Number.POSITIVE_INFINITY,
    ...(signal ? { signal } : {}),
  });
  const [runnerUp, ...rest] = all.map(({ index }) => index).filter((index) => index !== own);
  if (runnerUp === undefined) return undefined;
  const sorted = rest.sort((a, b) => a - b);
  return { runnerUp, random: sorted[hash32(hash32(seed)) % Math.max(1, sorted.length)] ?? runnerUp };
}

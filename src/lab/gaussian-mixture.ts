import { InputError } from "../gpu/errors.ts";
import { Draws } from "../sampling/draws.ts";
import { normalBetween, truncatedNormal } from "./normal.ts";

/** Rows of numbers, one after another. */
export interface Rows {
  readonly data: Float32Array | Float64Array;
  /** Numbers in a row. */
  readonly width: number;
}

/** For each feature the values that are allowed: above the first, up to the second. */
export type Box = readonly (readonly [low: number, high: number])[];

/** A mixture of Gaussians with diagonal covariances. */
export interface GaussianMixture {
  readonly weights: readonly number[];
  readonly means: readonly Float64Array[];
  readonly deviations: readonly Float64Array[];
  /** Mean log likelihood of the rows that it was fitted to. */
  readonly logLikelihood: number;
}

const STEPS = 100;
/** EM ends where the mean log likelihood gains less, as scikit-learn's does. */
const GAIN = 1e-3;
/** Added to variances, in units of the feature's own. */
const LEAST_VARIANCE = 1e-6;

/**
 * Fits a mixture of Gaussians with diagonal covariances by expectation maximisation, begun at centres that k-means++ draws.
 * @throws InputError when there are fewer rows than components.
 */
export function fitMixture({ data, width }: Rows, components: number, seed: number): GaussianMixture {
  const count = data.length / width;
  if (!(count >= components)) {
    throw new InputError(
      `Gaussian mixture: expected at least ${components} rows for as many components, got ${count}`,
    );
  }
  const spread = variancesOf(data, width);
  const floor = spread.map((v) => Math.max(LEAST_VARIANCE * v, 1e-12));
  const shares = new Float64Array(count * components);
  for (const [row, k] of nearestCentres(data, width, components, spread, seed).entries())
    shares[row * components + k] = 1;
  let mixture = maximise(data, width, components, shares, floor);
  let last = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < STEPS; step++) {
    const found = expect(data, width, mixture, shares);
    if (found - last < GAIN) return { ...mixture, logLikelihood: found };
    last = found;
    mixture = maximise(data, width, components, shares, floor);
  }
  return { ...mixture, logLikelihood: expect(data, width, mixture, shares) };
}

/** Probability that the mixture gives a box. */
export function massOf(mixture: GaussianMixture, box: Box): number {
  return massesOf(mixture, box).reduce((sum, mass) => sum + mass, 0);
}

/** Rows that the mixture draws within a box; undefined where it has no probability there. */
export function drawWithin(
  mixture: GaussianMixture,
  box: Box,
  count: number,
  draws: Draws,
): Float32Array | undefined {
  const masses = massesOf(mixture, box);
  const whole = masses.reduce((sum, mass) => sum + mass, 0);
  if (!(whole > 0)) return undefined;
  const width = box.length;
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const k = chosen(masses, draws.unit() * whole);
    const [means, deviations] = [mixture.means[k], mixture.deviations[k]];
    for (const [d, [low, high]] of box.entries()) {
      const [mean, deviation] = [means?.[d] ?? 0, deviations?.[d] ?? 1];
      const z = truncatedNormal((low - mean) / deviation, (high - mean) / deviation, draws.unit());
      rows[row * width + d] = mean + deviation * z;
    }
  }
  return rows;
}

function massesOf({ weights, means, deviations }: GaussianMixture, box: Box): number[] {
  return weights.map((weight, k) =>
    box.reduce((product, [low, high], d) => {
      if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return product;
      const [mean, deviation] = [means[k]?.[d] ?? 0, deviations[k]?.[d] ?? 1];
      return product * normalBetween((low - mean) / deviation, (high - mean) / deviation);
    }, weight),
  );
}

/** The first place at which the sum of weights exceeds a number. */
function chosen(weights: ArrayLike<number>, at: number): number {
  let [sum, last] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    sum += weight;
    last = i;
    if (sum > at) return i;
  }
  return last;
}

function variancesOf(data: Rows["data"], width: number): Float64Array {
  const count = data.length / width;
  const [means, squares] = [new Float64Array(width), new Float64Array(width)];
  for (const [i, v] of data.entries()) means[i % width] = (means[i % width] ?? 0) + v / count;
  for (const [i, v] of data.entries()) {
    squares[i % width] = (squares[i % width] ?? 0) + (v - (means[i % width] ?? 0)) ** 2 / count;
  }
  return squares;
}

/** The centre that each row is nearest to, in units of the features' deviations; the centres are rows that k-means++ draws. */
function nearestCentres(
  data: Rows["data"],
  width: number,
  components: number,
  spread: Float64Array,
  seed: number,
): Uint32Array {
  const count = data.length / width;
  const draws = new Draws(seed, 0x6d6d);
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const nearest = new Uint32Array(count);
  let centre = draws.below(count);
  for (let k = 0; k < components; k++) {
    let whole = 0;
    for (let row = 0; row < count; row++) {
      let own = 0;
      for (let d = 0; d < width; d++) {
        const step = (data[row * width + d] as number) - (data[centre * width + d] as number);
        if ((spread[d] as number) > 0) own += step ** 2 / (spread[d] as number);
      }
      if (own < (distance[row] as number)) {
        distance[row] = own;
        nearest[row] = k;
      }
      whole += distance[row] as number;
    }
    centre = chosen(distance, draws.unit() * whole);
  }
  return nearest;
}

function maximise(
  data: Rows["data"],
  width: number,
  components: number,
  shares: Float64Array,
  floor: Float64Array,
): Omit<GaussianMixture, "logLikelihood"> {
  const count = data.length / width;
  const parts = Array.from({ length: components }, (_, k) => {
    const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
    let whole = 0;
    for (let row = 0; row < count; row++) {
      const share = shares[row * components + k] as number;
      if (share < 1e-12) continue;
      whole += share;
      for (let d = 0; d < width; d++) {
        const v = data[row * width + d] as number;
        sums[d] = (sums[d] as number) + share * v;
        squares[d] = (squares[d] as number) + share * v * v;
      }
    }
    const means = sums.map((sum) => sum / Math.max(whole, 1e-12));
    const deviations = squares.map((square, d) =>
      Math.sqrt(Math.max(0, square / Math.max(whole, 1e-12) - (means[d] ?? 0) ** 2) + (floor[d] ?? 0)),
    );
    return { weight: whole / count, means, deviations };
  });
  return {
    weights: parts.map(({ weight }) => weight),
    means: parts.map(({ means }) => means),
    deviations: parts.map(({ deviations }) => deviations),
  };
}

/** Writes the components' shares of each row, and gives the mean log likelihood. */
function expect(
  data: Rows["data"],
  width: number,
  { weights, means, deviations }: Omit<GaussianMixture, "logLikelihood">,
  shares: Float64Array,
): number {
  const [count, components] = [data.length / width, weights.length];
  const constants = weights.map((weight, k) =>
    (deviations[k] ?? new Float64Array()).reduce(
      (sum, deviation) => sum - Math.log(deviation) - 0.5 * Math.log(2 * Math.PI),
      Math.log(weight),
    ),
  );
  let whole = 0;
  for (let row = 0; row < count; row++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < components; k++) {
      const [mean, deviation] = [means[k] as Float64Array, deviations[k] as Float64Array];
      let log = constants[k] as number;
      for (let d = 0; d < width; d++) {
        log -=
          0.5 * (((data[row * width + d] as number) - (mean[d] as number)) / (deviation[d] as number)) ** 2;
      }
      shares[row * components + k] = log;
      most = Math.max(most, log);
    }
    let sum = 0;
    for (let k = 0; k < components; k++) sum += Math.exp((shares[row * components + k] as number) - most);
    for (let k = 0; k < components; k++) {
      shares[row * components + k] = Math.exp((shares[row * components + k] as number) - most) / sum;
    }
    whole += most + Math.log(sum);
  }
  return whole / count;
}

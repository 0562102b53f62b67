import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { assertPoints, type Points } from "../embedding/points.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";

/** A linear map with a bias: y = x·W + b. */
export interface LinearFit {
  /** Numbers of x, and of y. */
  readonly inputs: number;
  readonly outputs: number;
  /** W, `[inputs, outputs]`. */
  readonly weights: Float64Array;
  /** b, `[outputs]`. */
  readonly bias: Float64Array;
}

export interface RidgeRegressionOptions {
  /** Penalty of the weights' squares, 0 or more; the bias is free. Default 1. */
  readonly alpha?: number | undefined;
}

const RIDGE: Fields<RidgeRegressionOptions> = { alpha: "may" };

/** Most numbers of x: the moments are their square, and Cholesky's work its cube. */
const MOST_INPUTS = 2304;

/** The largest system that is solved; said with an error before anything is read. */
export function assertSolvable(who: string, inputs: number, remedy: string): void {
  if (inputs <= MOST_INPUTS) return;
  throw new InputError(
    `${who}: expected at most ${MOST_INPUTS} numbers to fit from, got ${inputs}; ${remedy}`,
  );
}

/**
 * Ridge regression of many numbers at once: the least Σ ‖y − x·W − b‖² + alpha·‖W‖², the bias b free (Hoerl & Kennard 1970). In double
 * precision, by Cholesky's decomposition of the normal equations.
 * @param x `[N, D]`
 * @param y `[N, K]`
 * @throws InputError when x and y have other numbers of rows, a value is no number, or no single fit is the least: with an alpha of 0,
 * and fewer rows than directions.
 * @example
 * ```ts
 * import { ridgeRegression } from "vitrine/lab";
 *
 * const x = { data: Float32Array.of(0, 1, 2, 3), shape: [4, 1] };
 * const y = { data: Float32Array.of(1, 3, 5, 7), shape: [4, 1] };
 * const { weights, bias } = ridgeRegression(x, y, { alpha: 0 });
 * console.log(weights[0], bias[0]); // 2 1
 * ```
 */
export function ridgeRegression(x: Points, y: Points, options: RidgeRegressionOptions = {}): LinearFit {
  assertFields("ridge regression", options, RIDGE);
  const { alpha = 1 } = options;
  const { n, d: inputs } = assertPoints("ridge regression", x, "x");
  const { n: rows, d: outputs } = assertPoints("ridge regression", y, "y");
  if (n !== rows) {
    throw new InputError(`ridge regression: expected as many rows of y as of x, ${n}, got ${rows}`);
  }
  const moments = new RidgeMoments(inputs, outputs);
  moments.add(x.data, y.data, n);
  return moments.fit(alpha);
}

/** Sums of rows, their squares and products: what a ridge regression needs of any number of rows. */
export class RidgeMoments {
  readonly inputs: number;
  readonly outputs: number;
  #rows = 0;
  readonly #sumX: Float64Array;
  readonly #sumY: Float64Array;
  /** Σ xᵀ·x, its lower half. */
  readonly #xx: Float64Array;
  /** Σ xᵀ·y. */
  readonly #xy: Float64Array;

  constructor(inputs: number, outputs: number) {
    assertSolvable("ridge regression", inputs, "take fewer");
    this.inputs = inputs;
    this.outputs = outputs;
    this.#sumX = new Float64Array(inputs);
    this.#sumY = new Float64Array(outputs);
    this.#xx = new Float64Array(inputs * inputs);
    this.#xy = new Float64Array(inputs * outputs);
  }

  /** Number of rows that were added. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds rows: x `[rows, inputs]`, y `[rows, outputs]`. */
  add(x: ArrayLike<number>, y: ArrayLike<number>, rows: number): void {
    const { inputs, outputs } = this;
    this.#rows += rows;
    addRows(this.#sumX, x, rows);
    addRows(this.#sumY, y, rows);
    // Four rows at a time: the sums are read and written a quarter as often.
    const xs = fourRows(inputs);
    const ys = fourRows(outputs);
    for (let row = 0; row < rows; row += 4) {
      copyRows(xs, x, row, rows);
      copyRows(ys, y, row, rows);
      addProducts(this.#xx, xs, xs, true);
      addProducts(this.#xy, xs, ys, false);
    }
  }

  /** The mean variance of the numbers of x: what a penalty may be measured by. */
  get variance(): number {
    const { inputs } = this;
    let sum = 0;
    for (let i = 0; i < inputs; i++) {
      sum += Math.max(0, (this.#xx[i * inputs + i] ?? 0) - (this.#sumX[i] ?? 0) ** 2 / this.#rows);
    }
    return sum / (inputs * this.#rows);
  }

  /**
   * The fit of all rows.
   * @param alpha the penalty; see {@link ridgeRegression}.
   * @throws InputError when nothing was added, or no single fit is the least.
   */
  fit(alpha: number): LinearFit {
    const who = "ridge regression";
    if (!(alpha >= 0 && Number.isFinite(alpha))) {
      throw new InputError(`${who}: expected an alpha of 0 or more, got ${describe(alpha)}`);
    }
    const { inputs, outputs } = this;
    const [n, sumX, sumY] = [this.#rows, this.#sumX, this.#sumY];
    if (n === 0) throw new InputError(`${who}: expected at least one row, got none`);
    const a = new Matrix(inputs, inputs);
    const b = new Matrix(inputs, outputs);
    for (let i = 0; i < inputs; i++) {
      const x = sumX[i] ?? 0;
      for (let j = 0; j <= i; j++) {
        const value = (this.#xx[i * inputs + j] ?? 0) - (x * (sumX[j] ?? 0)) / n + (i === j ? alpha : 0);
        a.set(i, j, value);
        a.set(j, i, value);
      }
      for (let k = 0; k < outputs; k++)
        b.set(i, k, (this.#xy[i * outputs + k] ?? 0) - (x * (sumY[k] ?? 0)) / n);
    }
    if (a.to1DArray().some((value) => !Number.isFinite(value)) || b.to1DArray().some(Number.isNaN)) {
      throw new InputError(`${who}: expected finite numbers, got NaN or an infinity among them`);
    }
    const cholesky = new CholeskyDecomposition(a);
    if (!cholesky.isPositiveDefinite()) {
      throw new InputError(
        `${who}: expected rows that vary in all ${inputs} directions for an alpha of ${alpha}, got ${n} rows that do not; raise alpha`,
      );
    }
    const weights = Float64Array.from(cholesky.solve(b).to1DArray());
    const bias = Float64Array.from(sumY, (sum) => sum / n);
    for (let i = 0; i < inputs; i++) {
      const mean = (sumX[i] ?? 0) / n;
      for (let k = 0; k < outputs; k++) bias[k] = (bias[k] ?? 0) - mean * (weights[i * outputs + k] ?? 0);
    }
    return { inputs, outputs, weights, bias };
  }

  /**
   * The fit with a penalty in units of the rows' number and mean variance, so that it does not depend on how large activations are;
   * where nothing varies at all, the mean of y.
   */
  fitRelative(lambda: number): LinearFit {
    const scale = this.rows * this.variance;
    return this.fit(scale > 0 ? lambda * scale : 1);
  }
}

/** Applies a fit to rows `[rows, inputs]`; gives `[rows, outputs]`. */
export function applyFit({ inputs, outputs, weights, bias }: LinearFit, x: ArrayLike<number>): Float64Array {
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const own = y.subarray(row * outputs, (row + 1) * outputs);
    own.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i] as number;
      if (value === 0) continue;
      const at = i * outputs;
      for (let k = 0; k < outputs; k++) own[k] = (own[k] as number) + value * (weights[at + k] as number);
    }
  }
  return y;
}

function addRows(sum: Float64Array, rows: ArrayLike<number>, count: number): void {
  const { length } = sum;
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < length; i++) sum[i] = (sum[i] as number) + (rows[row * length + i] as number);
  }
}

function fourRows(length: number): readonly Float64Array[] {
  return [0, 1, 2, 3].map(() => new Float64Array(length));
}

/** Copies four rows from one on; zeros beyond the last. */
function copyRows(to: readonly Float64Array[], from: ArrayLike<number>, first: number, rows: number): void {
  for (const [k, own] of to.entries()) {
    const at = (first + k) * own.length;
    if (first + k >= rows) own.fill(0);
    else for (let i = 0; i < own.length; i++) own[i] = from[at + i] as number;
  }
}

/** Adds the products of four rows with four others; with `half` up to the diagonal. */
function addProducts(
  sums: Float64Array,
  a: readonly Float64Array[],
  b: readonly Float64Array[],
  half: boolean,
): void {
  const [a0, a1, a2, a3] = a as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [b0, b1, b2, b3] = b as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [height, width] = [a0.length, b0.length];
  for (let i = 0; i < height; i++) {
    const [p, q, r, s] = [a0[i] as number, a1[i] as number, a2[i] as number, a3[i] as number];
    if (p === 0 && q === 0 && r === 0 && s === 0) continue;
    const end = half ? i + 1 : width;
    const at = i * width;
    for (let j = 0; j < end; j++) {
      sums[at + j] =
        (sums[at + j] as number) +
        (p * (b0[j] as number) + q * (b1[j] as number) + r * (b2[j] as number) + s * (b3[j] as number));
    }
  }
}

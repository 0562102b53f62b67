import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { Draws } from "../sampling/draws.ts";
import { assertPoints, type Points } from "./points.ts";

export interface PcaOptions {
  /** How many components. Default 2. */
  readonly components?: number | undefined;
}

const PCA: Fields<PcaOptions> = { components: "may" };

/** Directions along which points vary most, and where the points lie along them. */
export interface PrincipalComponents {
  /** `[D]`: mean of the points. */
  readonly mean: Float64Array;
  /** `[C, D]`: directions of length 1, that of the largest variance first; the entry of each that is largest in magnitude is positive. */
  readonly components: Float64Array;
  /** `[C]`: variance along each, over N − 1. */
  readonly variances: Float64Array;
  /** `[C]`: each variance's part of the variance of all D numbers, 0 to 1. */
  readonly ratios: Float64Array;
  /** `[N, C]`: places of the points along the directions, from their mean on. */
  readonly scores: Points;
}

/** Columns beyond those that are asked: they make the iteration converge sooner. */
const SPARE = 6;
/** How far a pair may be from an eigenvalue and its vector, in units of the largest eigenvalue. */
const TOLERANCE = 1e-10;
/** Columns of the largest basis that is tried. */
const MOST_COLUMNS = 600;

/**
 * Principal components of points, in double precision: eigenvectors of the covariance, by a block Lanczos iteration with full
 * reorthogonalisation from a fixed random start. Neither a covariance nor a copy of the points is made, so that points of any
 * size will do. A direction in which the points do not vary at all is a row of zeros with variance 0: identical points are
 * all at 0.
 * @param points [N, D]
 * @throws InputError for points that are no numbers, or more components than min(N, D).
 * @example
 * const { scores, ratios } = pca({ data: new Float32Array([0, 0, 2, 1, 4, 2]), shape: [3, 2] });
 * // ratios: 1, 0; scores: −2.24, 0, 2.24 along the first
 */
export function pca(points: Points, options: PcaOptions = {}): PrincipalComponents {
  const who = "pca";
  assertFields(who, options, PCA);
  const { n, d } = assertPoints(who, points);
  const { components: count = 2 } = options;
  if (!(Number.isInteger(count) && count >= 1 && count <= Math.min(n, d))) {
    throw new InputError(
      `${who}: expected 1 to ${Math.min(n, d)} components of ${n} points of ${d} numbers each, got ${count}`,
    );
  }
  const centred = centredProducts(points.data, n, d);
  const { vectors, values } = leading(centred, count);
  const degrees = Math.max(1, n - 1);
  const components = new Float64Array(count * d);
  const variances = Float64Array.from({ length: count }, (_, c) => (values[c] ?? 0) / degrees);
  for (const [c, vector] of vectors.entries()) components.set(facing(vector), c * d);
  const rows = Array.from({ length: count }, (_, c) => components.subarray(c * d, c * d + d));
  const scores = centred.toPoints(rows);
  const data = Float32Array.from(
    { length: n * count },
    (_, i) => scores[i % count]?.[Math.floor(i / count)] ?? 0,
  );
  const all = centred.variation / degrees;
  return {
    mean: centred.mean,
    components,
    variances,
    ratios: variances.map((variance) => (all > 0 ? variance / all : 0)),
    scores: { data, shape: [n, count] },
  };
}

type Vectors = readonly Float64Array[];

/** Products with points from which their mean is taken. */
interface CentredProducts {
  readonly n: number;
  readonly d: number;
  readonly mean: Float64Array;
  /** Sum of all squares. */
  readonly variation: number;
  /** X·v of vectors of D numbers. */
  toPoints(vectors: Vectors): Float64Array[];
  /** Xᵀ·u of vectors of N numbers. */
  toNumbers(vectors: Vectors): Float64Array[];
}

function centredProducts(data: Float32Array, n: number, d: number): CentredProducts {
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] = (mean[i % d] ?? 0) + (data[i] ?? 0);
  // Of equal numbers the mean is that number, to the bit.
  for (let c = 0; c < d; c++) mean[c] = (mean[c] ?? 0) / n;
  let variation = 0;
  for (let i = 0; i < data.length; i++) variation += ((data[i] ?? 0) - (mean[i % d] ?? 0)) ** 2;
  /** Calls `use` with every row, centred. */
  const row = new Float64Array(d);
  const each = (use: (i: number) => void): void => {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < d; c++) row[c] = (data[i * d + c] ?? 0) - (mean[c] ?? 0);
      use(i);
    }
  };
  return {
    n,
    d,
    mean,
    variation,
    toPoints(vectors) {
      const products = vectors.map(() => new Float64Array(n));
      each((i) => {
        for (const [v, vector] of vectors.entries()) (products[v] as Float64Array)[i] = dot(row, vector);
      });
      return products;
    },
    toNumbers(vectors) {
      const products = vectors.map(() => new Float64Array(d));
      each((i) => {
        for (const [v, vector] of vectors.entries()) addTo(products[v] as Float64Array, vector[i] ?? 0, row);
      });
      return products;
    },
  };
}

/** The largest eigenvalues of XᵀX, and their vectors of D numbers. */
function leading(x: CentredProducts, count: number): { vectors: Float64Array[]; values: number[] } {
  const { n, d } = x;
  // XᵀX and X·Xᵀ have the same eigenvalues; the smaller one holds the basis.
  const overNumbers = d <= n;
  const size = Math.min(n, d);
  const apply = (v: Vectors) => (overNumbers ? x.toNumbers(x.toPoints(v)) : x.toPoints(x.toNumbers(v)));
  const draws = new Draws(0, 0);
  const basis: Float64Array[] = [];
  const images: Float64Array[] = [];
  const wide = Math.min(size, count + SPARE);
  let next: Float64Array[] = Array.from({ length: wide }, () =>
    Float64Array.from({ length: size }, () => draws.unit() - 0.5),
  );
  while (true) {
    const fresh = orthonormal(next, basis);
    basis.push(...fresh);
    images.push(...apply(fresh));
    const { values, combinations } = ritz(basis, images);
    const chosen = combinations.slice(0, count);
    const pairs = chosen.map((weights, c) => {
      const vector = combined(basis, weights);
      const image = combined(images, weights);
      let residual = 0;
      for (let i = 0; i < size; i++) residual += ((image[i] ?? 0) - (values[c] ?? 0) * (vector[i] ?? 0)) ** 2;
      return { vector, value: Math.max(0, values[c] ?? 0), residual: Math.sqrt(residual) };
    });
    const largest = pairs[0]?.value ?? 0;
    const settled = pairs.every(({ residual }) => residual <= TOLERANCE * largest);
    if (settled || fresh.length === 0 || basis.length + wide > Math.max(MOST_COLUMNS, 2 * wide)) {
      const there = pairs.map(({ value }) => value > 1e-12 * largest);
      const found = pairs.map(({ vector }) => vector);
      const vectors = overNumbers ? found : x.toNumbers(found).map(normalised);
      return {
        vectors: vectors.map((vector, c) => (there[c] ? vector : new Float64Array(d))),
        values: pairs.map(({ value }, c) => (there[c] ? value : 0)),
      };
    }
    next = images.slice(-fresh.length);
  }
}

/** Eigenvalues of the operator within a basis, largest first, and the combinations of its vectors that have them. */
function ritz(basis: Vectors, images: Vectors): { values: number[]; combinations: number[][] } {
  const size = basis.length;
  const within = new Matrix(size, size);
  for (const [i, a] of basis.entries()) {
    for (const [j, b] of images.entries()) {
      if (j < i) continue;
      const product = dot(a, b);
      within.set(i, j, product);
      within.set(j, i, product);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(within, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  return {
    values: order.map((i) => realEigenvalues[i] ?? 0),
    combinations: order.map((i) => eigenvectorMatrix.getColumn(i)),
  };
}

/** Vectors at right angles to each other and to a basis, by Gram and Schmidt twice; those that have nothing new are left out. */
function orthonormal(vectors: Vectors, basis: Vectors): Float64Array[] {
  const made: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    const before = Math.sqrt(dot(rest, rest));
    for (let round = 0; round < 2; round++) {
      for (const other of [...basis, ...made]) addTo(rest, -dot(rest, other), other);
    }
    if (Math.sqrt(dot(rest, rest)) > 1e-10 * before) made.push(normalised(rest));
  }
  return made;
}

/** The vector or its opposite, so that its entry of the largest magnitude, of several the first, is positive. */
function facing(vector: Float64Array): Float64Array {
  let most = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(most)) most = value;
  return most < 0 ? vector.map((value) => -value) : vector;
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

function combined(vectors: Vectors, weights: readonly number[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const [i, vector] of vectors.entries()) addTo(sum, weights[i] ?? 0, vector);
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** sum += weight · vector */
function addTo(sum: Float64Array, weight: number, vector: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (vector[i] as number);
}

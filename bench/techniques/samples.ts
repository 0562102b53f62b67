/** O'Neill's PCG permutation (RXS-M-XS) of a 32-bit word, from which the library's sampling kernels draw. */
export function hash(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** √2·erf⁻¹(u): Giles' approximation ("Approximating the erfinv function", GPU Computing Gems 2011). */
function normalOf(u: number): number {
  const w = -Math.log((1 - u) * (1 + u));
  const [at, coefficients] = w < 5 ? ([w - 2.5, CENTRE] as const) : ([Math.sqrt(w) - 3, TAIL] as const);
  return Math.SQRT2 * u * coefficients.reduce((sum, coefficient) => sum * at + coefficient, 0);
}

const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** The standard normal noise that the library's SmoothGrad adds, [samples, size]: a function of (seed, sample, element). */
export function normalNoise(samples: number, size: number, seed: number): Float32Array<ArrayBuffer> {
  const noise = new Float32Array(samples * size);
  for (let index = 0; index < noise.length; index++) {
    const sample = Math.floor(index / size);
    const bits = hash(hash(index % size) ^ hash(sample ^ hash(seed)));
    noise[index] = normalOf((2 * (bits >>> 8) + 1 - 2 ** 24) / 2 ** 24);
  }
  return noise;
}

/**
 * RISE's masks as the library makes them, [samples, side, side]: grids of cells, each showing with probability ½, enlarged
 * bilinearly to one cell more and cut out at a random offset (Petsiuk et al. 2018, section 3.2).
 */
export function riseMasks(
  samples: number,
  side: number,
  grid: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  const cell = Math.ceil(side / grid);
  const last = grid - 1;
  const masks = new Float32Array(samples * side * side);
  for (let sample = 0; sample < samples; sample++) {
    const key = hash(sample ^ hash(seed));
    const shows = (row: number, column: number): number =>
      hash(hash(row * grid + column) ^ key) >>> 31 === 0 ? 1 : 0;
    const offset = [0, 1].map((axis) => hash(hash(grid * grid + axis) ^ key) % cell);
    const place = (pixel: number, axis: number): number => {
      const centre = ((pixel + (offset[axis] ?? 0) + 0.5) * grid) / ((grid + 1) * cell) - 0.5;
      return Math.min(last, Math.max(0, centre));
    };
    for (let y = 0; y < side; y++) {
      const row = place(y, 0);
      const [top, down] = [Math.floor(row), row % 1];
      const bottom = Math.min(last, top + 1);
      for (let x = 0; x < side; x++) {
        const column = place(x, 1);
        const [left, right] = [Math.floor(column), Math.min(last, Math.floor(column) + 1)];
        const across = (at: number): number => {
          const [a, b] = [shows(at, left), shows(at, right)];
          return a + (b - a) * (column - left);
        };
        const [above, below] = [across(top), across(bottom)];
        masks[(sample * side + y) * side + x] = above + (below - above) * down;
      }
    }
  }
  return masks;
}

/** Visible segments of the library's LIME, [samples, segments] of 0 and 1; all of them in the first sample. */
export function shownSegments(samples: number, segments: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: samples * segments }, (_, index) => {
    const sample = Math.floor(index / segments);
    return sample === 0 || hash(hash(index % segments) ^ hash(sample ^ hash(seed))) >>> 31 === 1 ? 1 : 0;
  });
}

/** Square segments of an image, cells × cells of them: the number of each pixel's, [side, side]. */
export function squareSegments(side: number, cells: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: side * side }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / side), pixel % side];
    return Math.floor((y * cells) / side) * cells + Math.floor((x * cells) / side);
  });
}

/** Nodes and weights of the Gauss–Legendre rule on [0, 1], by Newton's method on the Legendre polynomial. */
export function gaussLegendre(count: number): { readonly nodes: number[]; readonly weights: number[] } {
  const rule = Array.from({ length: count }, (_, index) => {
    let x = -Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let [before, here] = [1, x];
      for (let k = 2; k <= count; k++) {
        [before, here] = [here, ((2 * k - 1) * x * here - (k - 1) * before) / k];
      }
      slope = (count * (x * here - before)) / (x * x - 1);
      x -= here / slope;
    }
    return { node: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
  return { nodes: rule.map(({ node }) => node), weights: rule.map(({ weight }) => weight) };
}

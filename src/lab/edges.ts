/** Weights of a Gaussian of deviation 1, cut at 4. */
const GAUSSIAN = Array.from({ length: 9 }, (_, i) => Math.exp(-((i - 4) ** 2) / 2));
const SUM = GAUSSIAN.reduce((a, b) => a + b);
/** Thresholds as shares of the largest gradient (Rosenholtz, Li & Nakano, "Measuring visual clutter", 2007). */
const [LOW, HIGH] = [0.11, 0.27];
/** A gradient below it is rounding of 8-bit values, and no edge. In units of the whole range, a pixel. */
const FLOOR = 0.01;

/** Values of a picture, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/**
 * The share of a picture's pixels that are on an edge, by Canny's detector: a Gaussian of deviation 1, Sobel's gradients, the ridges
 * among them, and of those the ones above .27 of the largest gradient with all that join them above .11. Values of 0…1.
 */
export function edgeDensity(plane: Plane): number {
  const { width, height } = plane;
  const smooth = blurred(plane);
  const at = ({ values }: Plane, x: number, y: number): number =>
    values[clamp(y, height) * width + clamp(x, width)] ?? 0;
  const size = width * height;
  const [gx, gy, strength] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = (dx: number) =>
        at(smooth, x + dx, y - 1) + 2 * at(smooth, x + dx, y) + at(smooth, x + dx, y + 1);
      const row = (dy: number) =>
        at(smooth, x - 1, y + dy) + 2 * at(smooth, x, y + dy) + at(smooth, x + 1, y + dy);
      const i = y * width + x;
      gx[i] = (column(1) - column(-1)) / 8;
      gy[i] = (row(1) - row(-1)) / 8;
      strength[i] = Math.hypot(gx[i] ?? 0, gy[i] ?? 0);
    }
  }
  const most = strength.reduce((a, b) => Math.max(a, b), 0);
  const [low, high] = [Math.max(FLOOR, LOW * most), Math.max(FLOOR, HIGH * most)];
  const ridges: Plane = { width, height, values: strength };
  const isRidge = (i: number): boolean => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [dx, dy] = [stepOf(gx[i] ?? 0, gy[i] ?? 0), stepOf(gy[i] ?? 0, gx[i] ?? 0)];
    const own = strength[i] ?? 0;
    // Of two that are equally strong, one is the ridge.
    return own > at(ridges, x + dx, y + dy) && own >= at(ridges, x - dx, y - dy);
  };
  return joined(width, height, (i) => {
    const own = strength[i] ?? 0;
    return own < low || !isRidge(i) ? "none" : own >= high ? "strong" : "weak";
  });
}

/** −1, 0 or 1: where the next of eight neighbours lies along an axis. */
function stepOf(along: number, across: number): number {
  return Math.abs(along) < Math.tan(Math.PI / 8) * Math.abs(across) ? 0 : Math.sign(along);
}

/** The share of the strong, and of the weak that strong ones reach. */
function joined(width: number, height: number, kindOf: (i: number) => "none" | "weak" | "strong"): number {
  const kinds = Array.from({ length: width * height }, (_, i) => kindOf(i));
  const stack = kinds.flatMap((kind, i) => (kind === "strong" ? [i] : []));
  let count = stack.length;
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        if (kinds[v * width + u] !== "weak") continue;
        kinds[v * width + u] = "strong";
        count++;
        stack.push(v * width + u);
      }
    }
  }
  return count / (width * height);
}

function blurred({ width, height, values }: Plane): Plane {
  const pass = (from: Float64Array, along: (i: number, offset: number) => number): Float64Array =>
    Float64Array.from(from, (_, i) =>
      GAUSSIAN.reduce((sum, weight, k) => sum + (weight / SUM) * (from[along(i, k - 4)] ?? 0), 0),
    );
  const rows = pass(values, (i, offset) => i - (i % width) + clamp((i % width) + offset, width));
  return {
    ...{ width, height },
    values: pass(rows, (i, offset) => clamp(Math.floor(i / width) + offset, height) * width + (i % width)),
  };
}

function clamp(place: number, size: number): number {
  return Math.min(size - 1, Math.max(0, place));
}

import { type Cut, minCut, NEIGHBOURS } from "./min-cut.ts";
import type { Pixels } from "./pixels.ts";

/** Bins of a colour histogram along each of R, G and B. */
const BINS = 16;

/**
 * Parts an image in foreground (1) and background (0) by what colours the two have and where neighbours differ
 * (Boykov & Jolly, "Interactive graph cuts", ICCV 2001): −Σ log p(colour | side) + smoothness·Σ exp(−‖Δ‖²/2σ²)/distance over
 * neighbours on different sides, σ² the mean ‖Δ‖². Colours are modelled by histograms of 16³ bins, smoothed, of the
 * pixels that are given as examples; these are not forced to their side.
 * @param foreground pixels that show the foreground's colours; `background` likewise.
 */
export function graphCut(
  image: Pixels,
  foreground: (pixel: number) => boolean,
  background: (pixel: number) => boolean,
  smoothness: number,
): Uint8Array {
  const { width, height, data } = image;
  const size = width * height;
  const [fore, back] = [histogram(data, foreground), histogram(data, background)];
  const lean = Float64Array.from({ length: size }, (_, p) => {
    const bin = binOf(data, p);
    return Math.log(fore[bin] ?? 1) - Math.log(back[bin] ?? 1);
  });
  return minCut({ height, width, lean, bond: bonds(image, smoothness) });
}

function bonds({ width, height, data }: Pixels, smoothness: number): Cut["bond"] {
  const size = width * height;
  const bond = new Float64Array(8 * size).fill(-1);
  let [sum, count] = [0, 0];
  for (let p = 0; p < size; p++) {
    const [row, column] = [Math.floor(p / width), p % width];
    for (const [d, [down, right]] of NEIGHBOURS.entries()) {
      const [y, x] = [row + down, column + right];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const q = y * width + x;
      let squared = 0;
      for (let c = 0; c < 3; c++) squared += ((data[3 * p + c] ?? 0) - (data[3 * q + c] ?? 0)) ** 2;
      bond[8 * p + d] = squared;
      sum += squared;
      count++;
    }
  }
  const variance = Math.max(sum / Math.max(1, count), 1e-9);
  return bond.map((squared, i) => {
    if (squared < 0) return 0;
    const [down, right] = NEIGHBOURS[i % 8] ?? [1, 0];
    return (smoothness * Math.exp(-squared / (2 * variance))) / Math.hypot(down, right);
  });
}

function binOf(data: ArrayLike<number>, pixel: number): number {
  const bin = (c: number) => Math.min(BINS - 1, Math.floor(((data[3 * pixel + c] ?? 0) * BINS) / 256));
  return (bin(0) * BINS + bin(1)) * BINS + bin(2);
}

/** The share of a histogram that is spread over all bins, so that no colour is impossible. */
const UNSEEN = 0.05;

/** Frequencies of the colours of some pixels: blurred by 1-2-1 along each axis, never zero. */
function histogram(data: ArrayLike<number>, of: (pixel: number) => boolean): Float64Array {
  let bins = new Float64Array(BINS ** 3);
  let count = 0;
  for (let pixel = 0; pixel < data.length / 3; pixel++) {
    if (!of(pixel)) continue;
    const bin = binOf(data, pixel);
    bins[bin] = (bins[bin] ?? 0) + 1;
    count++;
  }
  for (const stride of [1, BINS, BINS * BINS]) {
    bins = bins.map((value, i) => {
      const place = Math.floor(i / stride) % BINS;
      const before = place > 0 ? (bins[i - stride] ?? 0) : value;
      const after = place < BINS - 1 ? (bins[i + stride] ?? 0) : value;
      return (before + 2 * value + after) / 4;
    });
  }
  return bins.map((value) => ((1 - UNSEEN) * value) / Math.max(1, count) + UNSEEN / BINS ** 3);
}

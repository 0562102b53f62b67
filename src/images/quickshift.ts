import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "./pixels.ts";

export interface QuickshiftOptions {
  /**
   * Standard deviation, in pixels, of the Gaussian that densities are estimated with; a larger one gives fewer segments.
   * Default 4, or less in proportion where the shorter side has fewer than 224 pixels.
   */
  readonly kernel?: number | undefined;
  /** Distance at which a pixel no longer follows its neighbour. Default 200. */
  readonly maxDistance?: number | undefined;
  /** Weight of colour (CIE Lab) against place (pixels). Default 0.2. */
  readonly ratio?: number | undefined;
}

const QUICKSHIFT: Fields<QuickshiftOptions> = { kernel: "may", maxDistance: "may", ratio: "may" };

/** An image cut into segments. */
export interface Segments {
  /** Number of each pixel's segment, from 0, row by row; numbered as they first appear. */
  readonly labels: Uint32Array;
  readonly count: number;
}

/**
 * Cuts an image into superpixels by quick shift: every pixel follows the nearest one of higher density, in place and
 * colour, within three kernels; the pixels that end at one are a segment (Vedaldi & Soatto 2008, "Quick shift and kernel
 * methods for mode seeking", ECCV). Equal densities count as higher towards the top left, so that a flat area is one
 * segment; nothing is random.
 */
export function quickshift({ width, height, data }: Pixels, options: QuickshiftOptions = {}): Segments {
  assertFields("quickshift", options, QUICKSHIFT);
  const { maxDistance = 200, ratio = 0.2 } = options;
  const { kernel = 4 * Math.min(1, Math.min(width, height) / 224) } = options;
  for (const [name, value] of Object.entries({ kernel, maxDistance, ratio })) {
    if (!(value > 0)) throw new InputError(`quickshift: expected ${name} above 0, got ${value}`);
  }
  const size = width * height;
  const colors = labOf(data).map((value) => value * ratio);
  const reach = Math.max(1, Math.floor(3 * kernel));
  const squared = (i: number, j: number, dy: number, dx: number): number => {
    let sum = dy * dy + dx * dx;
    for (let c = 0; c < 3; c++) {
      const difference = (colors[3 * i + c] ?? 0) - (colors[3 * j + c] ?? 0);
      sum += difference * difference;
    }
    return sum;
  };
  /** Calls `visit` with every pixel of the window around pixel i, row by row, and its squared distance. */
  const around = (i: number, visit: (j: number, distance: number) => void): void => {
    const [y, x] = [Math.floor(i / width), i % width];
    for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
      for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
        const j = row * width + column;
        visit(j, squared(i, j, row - y, column - x));
      }
    }
  };
  const density = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    around(i, (_, distance) => {
      sum += Math.exp(-distance / (2 * kernel * kernel));
    });
    density[i] = sum;
  }
  const parent = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const own = density[i] ?? 0;
    let nearest = maxDistance * maxDistance;
    around(i, (j, distance) => {
      const other = density[j] ?? 0;
      if ((other > own || (other === own && j < i)) && distance < nearest) {
        nearest = distance;
        parent[i] = j;
      }
    });
  }
  return numbered(parent);
}

/** Follows every pixel to its root, and numbers the roots as their pixels first appear. */
function numbered(parent: Uint32Array): Segments {
  const numbers = new Map<number, number>();
  const labels = new Uint32Array(parent.length);
  for (let i = 0; i < parent.length; i++) {
    let root = i;
    while (parent[root] !== root) root = parent[root] ?? root;
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    labels[i] = number;
  }
  return { labels, count: numbers.size };
}

/** sRGB of 0…255 as CIE L*a*b* under D65. */
export function labOf(rgb: ArrayLike<number>): Float64Array {
  const lab = new Float64Array(rgb.length);
  const linear = (v = 0): number => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  };
  const bent = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  for (let i = 0; i < rgb.length; i += 3) {
    const [r, g, b] = [linear(rgb[i]), linear(rgb[i + 1]), linear(rgb[i + 2])];
    const x = bent((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const y = bent(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
    const z = bent((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
    lab[i] = 116 * y - 16;
    lab[i + 1] = 500 * (x - y);
    lab[i + 2] = 200 * (y - z);
  }
  return lab;
}

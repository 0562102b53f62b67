import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { TABLES } from "./color-tables.ts";

/** Names of the colour maps that run from low to high. */
export const SEQUENTIAL_MAPS = ["inferno", "magma", "viridis", "cividis"] as const;

/** Names of the colour maps with a neutral middle, for signed values: `polar` is dark at zero, `rdbu` light. */
export const DIVERGING_MAPS = ["polar", "rdbu"] as const;

/**
 * Names of colour maps that are not perceptually uniform: they show bands where the values have none, and their lightness
 * goes up and down. For whoever must compare with pictures made in them.
 */
export const UNEVEN_MAPS = ["jet", "turbo"] as const;

/** Every colour map's name. */
export const COLOR_MAPS = [...SEQUENTIAL_MAPS, ...DIVERGING_MAPS, ...UNEVEN_MAPS] as const;

/** A colour map: perceptually uniform, but for {@link UNEVEN_MAPS}. */
export type ColorMapName = (typeof COLOR_MAPS)[number];

/** True where equal steps of a map's values do not look equal. */
export function isUneven(name: ColorMapName): boolean {
  return UNEVEN_MAPS.some((uneven) => uneven === name);
}

/** The colour map that was asked for, where it is of the usual one's kind; one that is not uniform is of every kind. */
export function colorsFor(asked: ColorMapName | undefined, usual: ColorMapName): ColorMapName {
  if (asked === undefined) return usual;
  const kinds: readonly (readonly ColorMapName[])[] = [SEQUENTIAL_MAPS, DIVERGING_MAPS];
  // Says which names there are when it is none of them.
  colorMap(asked);
  if (isUneven(asked)) return asked;
  return kinds.some((kind) => kind.includes(usual) && kind.includes(asked)) ? asked : usual;
}

/** The lines that a caption must have about a map's colours. */
export function caveatOf(colors: ColorMapName): string[] {
  return isUneven(colors) ? [`${colors} is not uniform: its bands are not the map's`] : [];
}

/** The colour of a value in a table of 256. */
export function colorAt(
  table: Uint8Array,
  value: number,
  min: number,
  max: number,
): [r: number, g: number, b: number] {
  const entry = 3 * Math.round(255 * Math.min(1, Math.max(0, (value - min) / (max - min))));
  return [table[entry] ?? 0, table[entry + 1] ?? 0, table[entry + 2] ?? 0];
}

const made = new Map<string, Uint8Array>();

/**
 * A colour map's table: 256 entries of R, G, B (sRGB display values), low to high. The table is shared: do not write to it.
 * @throws InputError that lists the names.
 */
export function colorMap(name: ColorMapName): Uint8Array {
  const known = made.get(name);
  if (known) return known;
  const text = Object.hasOwn(TABLES, name) ? (TABLES as Readonly<Record<string, string>>)[name] : undefined;
  if (name !== "polar" && text === undefined) {
    throw new InputError(`colour map: expected one of ${COLOR_MAPS.join(", ")}, got "${name}"`);
  }
  const table =
    text === undefined
      ? polar()
      : Uint8Array.from({ length: 768 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
  made.set(name, table);
  return table;
}

export interface ColorizeOptions {
  readonly map: ColorMapName;
  /** Value of the map's first colour. */
  readonly min: number;
  /** Value of the map's last colour. */
  readonly max: number;
  /** Columns of the picture. Default: as many as there are values, in one row. */
  readonly width?: number | undefined;
}

const COLORIZE: Fields<ColorizeOptions> = { map: "must", min: "must", max: "must", width: "may" };

/**
 * Draws row-major values as colours. Values outside [min, max] take the end colours; NaN is drawn grey (128), so that it
 * is seen and not taken for a value. Where min = max, everything takes the middle colour.
 * @throws InputError when the values do not fill whole rows or the limits are no numbers.
 */
export function colorize(values: ArrayLike<number>, options: ColorizeOptions): Pixels {
  assertFields("colorize", options, COLORIZE);
  const { map, min, max, width = values.length } = options;
  const height = values.length / width;
  if (!Number.isInteger(height) || height < 1) {
    throw new InputError(`colorize: expected whole rows of ${width}, got ${values.length} values`);
  }
  if (!Number.isFinite(min) || !Number.isFinite(max) || max < min) {
    throw new InputError(`colorize: expected finite limits min ≤ max, got ${min} and ${max}`);
  }
  const table = colorMap(map);
  const data = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) {
      data.fill(128, 3 * i, 3 * i + 3);
      continue;
    }
    const t = max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0.5;
    const entry = 3 * Math.round(t * 255);
    data.set(table.subarray(entry, entry + 3), 3 * i);
  }
  return { width, height, data };
}

/** Ends and middle in OKLab (L, a, b): equally light ends, straight lines between, so that equal steps look equal. */
const BELOW = [0.8, -0.055, -0.105] as const;
const ZERO = [0.2, 0, 0] as const;
const ABOVE = [0.8, 0.075, 0.115] as const;

function polar(): Uint8Array {
  const table = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const t = (2 * i) / 255 - 1;
    const end = t < 0 ? BELOW : ABOVE;
    const [l, a, b] = [0, 1, 2].map((k) => (ZERO[k] ?? 0) + ((end[k] ?? 0) - (ZERO[k] ?? 0)) * Math.abs(t));
    table.set(fromOklab(l ?? 0, a ?? 0, b ?? 0), 3 * i);
  }
  return table;
}

/** OKLab to 8-bit sRGB (B. Ottosson, A perceptual color space for image processing, 2020). */
function fromOklab(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => {
    const v = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
  });
}

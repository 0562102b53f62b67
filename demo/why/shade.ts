import {
  type Attribution,
  type AttributionTechnique,
  type ColorMapName,
  maxOverColor,
  sumOverColor,
} from "../../src/index.ts";
import { figure } from "../dom.ts";
import type { ScaleOfMaps } from "./slice.ts";

/** A map as it is drawn: one value a cell. */
export interface Flat {
  readonly values: Float32Array;
  readonly size: readonly [height: number, width: number];
  /** Whether zero lies in the middle. */
  readonly signed: boolean;
  /** Whether the colours span what there is, rather than begin at zero. */
  readonly floats: boolean;
  /** Whether a handful of pixels hold the largest values. */
  readonly peaked: boolean;
  /** What a value means. */
  readonly unit: string;
}

/** What the colours begin and end at, and what that leaves out. */
export interface Ends {
  readonly min: number;
  readonly max: number;
  /** In words: what is clipped, or shared. */
  readonly note: string;
}

const UNITS: Readonly<Record<AttributionTechnique["kind"], string>> = {
  gradient: "max over colour of |∂S/∂x|",
  signal: "max over colour of |signal|",
  cam: "ReLU(∑ weight × activation)",
  occlusion: "fall of the score where covered",
  attribution: "share of the score",
  expectation: "expected score where shown",
};

/** One value a cell of what a technique found. */
export function flatOf({ kind, unit }: AttributionTechnique, found: Attribution): Flat {
  const colors = found.shape.length === 3;
  const { data, shape } = !colors
    ? found
    : kind === "attribution"
      ? sumOverColor(found)
      : maxOverColor(found);
  const [height = 1, width = 1] = shape;
  const always = kind === "attribution" || kind === "occlusion";
  return {
    values: data,
    size: [height, width],
    signed: always || (kind !== "expectation" && data.some((value) => value < 0)),
    floats: kind === "expectation",
    peaked: colors || kind === "attribution",
    unit: unit ?? UNITS[kind],
  };
}

const CLIP = 99;
const known = new WeakMap<Flat, Map<boolean, Ends>>();

/** Where the colours of a map end; found once. */
export function endsOf(flat: Flat, scale: ScaleOfMaps): Ends {
  const clips = scale !== "raw";
  const of = known.get(flat) ?? new Map<boolean, Ends>();
  known.set(flat, of);
  const ends = of.get(clips) ?? found(flat, clips);
  of.set(clips, ends);
  return ends;
}

function found({ values, signed, floats, peaked }: Flat, clips: boolean): Ends {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (floats) {
    return { min: low, max: high > low ? high : low + 1, note: "From least to most; nothing clipped." };
  }
  const most = Math.max(Math.abs(low), Math.abs(high));
  if (most === 0) return { min: 0, max: 1, note: "Zero everywhere: nothing here speaks for it." };
  const sizes = peaked && clips ? Float32Array.from(values, Math.abs).sort() : undefined;
  const end = sizes?.[Math.floor((CLIP / 100) * (sizes.length - 1))] || most;
  const note =
    end < most ? `Clipped at the ${CLIP}th percentile; largest ${figure(most)}.` : "Nothing clipped.";
  return { min: signed ? -end : 0, max: end, note };
}

/** The widest of several ends, for maps that share one scale. */
export function sharedEnds(all: readonly Ends[]): Ends {
  return {
    min: Math.min(...all.map(({ min }) => min)),
    max: Math.max(...all.map(({ max }) => max)),
    note: all.length > 1 ? "One scale for both classes." : (all[0]?.note ?? ""),
  };
}

/** The colours of a map: sequential as chosen, or diverging. */
export function colorsOf({ signed }: Flat, chosen: ColorMapName): ColorMapName {
  return signed ? "polar" : chosen;
}

/** Pearson's correlation of two maps of one size; NaN where one is the same everywhere. */
export function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, first, second] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [u, v] = [value - meanA, (b[i] ?? 0) - meanB];
    both += u * v;
    first += u * u;
    second += v * v;
  }
  return both / Math.sqrt(first * second);
}

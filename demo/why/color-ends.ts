import { type ColorMapName, type DrawnMap, drawnMap } from "../../src/figures.ts";
import type { Attribution } from "../../src/index.ts";
import { figure } from "../dom.ts";
import type { MapRequest } from "./map-request.ts";
import type { ScaleOfMaps } from "./slice.ts";

/** The map that a technique found, ready to be drawn. */
export interface Answer {
  readonly request: MapRequest;
  readonly found: Attribution;
  /** The map with its colours as its kind has them, and with nothing clipped. */
  readonly robust: DrawnMap;
  readonly raw: DrawnMap;
}

/** The values of the first and the last colour of a map, and what that leaves out. */
export interface Ends {
  readonly min: number;
  readonly max: number;
  /** Remark on clipped or shared colours. */
  readonly note: string;
}

/** Prepares what a technique found for drawing. */
export function answerOf(request: MapRequest, found: Attribution): Answer {
  const { kind, unit } = request.technique;
  const { data: map, shape } = found;
  const options = { map, shape, kind, unit, gaps: found.gaps };
  return { request, found, robust: drawnMap(options), raw: drawnMap({ ...options, clip: 100 }) };
}

/** The ends of an answer's colours. */
export function endsOf({ request: { technique }, robust, raw }: Answer, scale: ScaleOfMaps): Ends {
  const { min, max } = scale === "raw" ? raw : robust;
  // A value that is not known, NaN, is no largest one.
  const largest = robust.values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  const note =
    technique.kind === "expectation"
      ? "From least to most; nothing clipped."
      : largest === 0
        ? "Zero everywhere: nothing here speaks for it."
        : max < largest
          ? `Clipped at the 99th percentile; largest ${figure(largest)}.`
          : "Nothing clipped.";
  return { min, max, note };
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
export function colorsOf({ robust: { signed } }: Answer, chosen: ColorMapName): ColorMapName {
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

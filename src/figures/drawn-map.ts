import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { withinRounding } from "../graph/finite.ts";
import { maxOverColor, sumOverColor } from "../images/over-color.ts";
import type { Pixels } from "../images/pixels.ts";
import { type ColorMapName, colorsFor } from "./color-maps.ts";
import { formatNumber } from "./format-number.ts";
import { drawingOf, MAP_KINDS, type MapDrawing, type MapKind } from "./kinds.ts";

/** A map, and how its values become colours. */
export interface MapOptions {
  /** The technique's values, row by row. */
  readonly map: Float32Array;
  /** [H, W, C] at the image's pixels for gradients, signals and attributions; [h, w] for the others and attributions. */
  readonly shape: Shape;
  /** The kind of the map, which a technique's record names. It decides how the map is drawn. */
  readonly kind: MapKind;
  /** The number of values that are NaN because nothing is known of their places, which are hatched. Default 0: NaN is refused. */
  readonly gaps?: number | undefined;
  /** The words for what the values are, below the map. Default: the kind's own. */
  readonly unit?: string | undefined;
  /**
   * The percentile of the magnitudes at which the colours end, above 0 and up to 100. Default: 99 for gradients, signals and
   * attributions, whose largest values a few pixels hold; 100 (nothing clipped) for the others.
   */
  readonly clip?: number | undefined;
  /**
   * The colour map, where it suits the kind: diverging for signed maps, sequential for the others, which keep theirs. Jet and
   * turbo go with both, and the caption says that they are not uniform.
   */
  readonly colors?: ColorMapName | undefined;
}

export const MAP_FIELDS: Fields<MapOptions> = {
  ...{ map: "must", shape: "must", kind: { must: MAP_KINDS } },
  ...{ gaps: "may", unit: "may", clip: "may", colors: "may" },
};

/** A map as it is drawn: one value a cell, the colours that the values take, and the caption. */
export interface DrawnMap {
  /** Values [h, w], row by row. */
  readonly values: Float32Array;
  readonly size: readonly [h: number, w: number];
  readonly colors: ColorMapName;
  /** Values of the first and the last colour; signed maps have zero in the middle. */
  readonly min: number;
  readonly max: number;
  readonly signed: boolean;
  /** True where the picture over the image is smooth between cells that stand beside it as squares. */
  readonly smooth: boolean;
  /** The share of the image that the strongest value hides. */
  readonly opacity: number;
  readonly unit: string;
  /** The words about clipping; `brief` where there is little room. */
  readonly note: string;
  readonly brief: string;
  /** The caption of the map over the image. */
  readonly over: readonly string[];
}

/**
 * Makes of a map what is drawn: one value a cell, the ends of the colours, the colour map and the caption, as the map's kind
 * has it. Figures and the explorer draw every map through it.
 * @throws InputError when the values do not fit the shape, the shape not the kind, or an option is out of range.
 */
export function drawnMap(options: MapOptions): DrawnMap {
  assertFields("drawn map", options, MAP_FIELDS);
  assertMap(options);
  const drawing = drawingOf(options.kind);
  const { values, size } = oneValueEach(options, drawing);
  const { clip = drawing.clip, unit = drawing.unit, colors } = options;
  const { smooth, opacity, over } = drawing;
  const drawn = { values, size, smooth, opacity, unit, over };
  if (drawing.from === "least") {
    return { ...drawn, ...fromLeast(values, clip), signed: false, colors: colorsFor(colors, "inferno") };
  }
  const [low, high] = extremes(values);
  const signed = drawing.signed === "always" || (drawing.signed === "as found" && low < 0);
  const { end, clips, zero, ...words } = clipped(values, clip, drawing.zero);
  return {
    ...drawn,
    ...captioned[drawing.caption]({ ...words, clips, zero, low, high, size, gaps: options.gaps ?? 0 }),
    signed,
    colors: colorsFor(colors, signed ? "rdbu" : "inferno"),
    min: signed ? -end : 0,
    max: end,
  };
}

/** True for a kind of map that is drawn at the image as colours of its own, and not over it. */
export function isSignal(kind: MapKind): boolean {
  return drawingOf(kind).overlay === "signal";
}

/** The same map with other ends of its colours, as one scale for several maps needs. */
export function rescaled(drawn: DrawnMap, min: number, max: number): DrawnMap {
  const [low, high] = extremes(drawn.values);
  const clips = high > max || low < min;
  const brief = `one scale · max ${formatNumber(high)}${clips ? ", clipped" : ""}`;
  return { ...drawn, min, max, brief, note: brief };
}

function oneValueEach(
  { map, shape }: MapOptions,
  { overColor }: MapDrawing,
): Pick<DrawnMap, "values" | "size"> {
  const [h = 1, w = 1] = shape;
  if (shape.length === 2) return { values: map, size: [h, w] };
  const join = { max: maxOverColor, sum: sumOverColor }[overColor];
  return { values: join({ data: map, shape }).data, size: [h, w] };
}

/** The facts that a caption tells of a map: its extremes, its cells and gaps, what was clipped. */
interface Facts {
  readonly note: string;
  readonly brief: string;
  readonly clips: boolean;
  readonly zero: boolean;
  readonly low: number;
  readonly high: number;
  readonly size: readonly [number, number];
  readonly gaps: number;
}

const captioned: Readonly<Record<MapDrawing["caption"], (facts: Facts) => { note: string; brief: string }>> =
  {
    clip: ({ note, brief }) => ({ note, brief }),
    cells: ({ note, brief, clips, zero, high, size: [h, w] }) => {
      if (zero) return { note, brief };
      const most = `max ${formatNumber(high)}`;
      return {
        note: `${h}×${w} cells, ${clips ? note : most}`,
        brief: `${h}×${w} cells, ${clips ? brief : most}`,
      };
    },
    range: ({ note, brief, clips, low, high, gaps }) => {
      const range = `from ${formatNumber(low)} to ${formatNumber(high)}`;
      return {
        note: `${range}, ${clips ? note : "nothing clipped"}${gaps > 0 ? "; hatched: uncovered" : ""}`,
        brief: gaps > 0 ? `${brief}, hatched: uncovered` : brief,
      };
    },
  };

/** Ends and caption of values that differ little from one another: the colours span what there is. */
function fromLeast(values: Float32Array, clip: number) {
  const [low, high] = extremes(values);
  // Differences of a few roundings are no picture.
  if (withinRounding(low, high)) {
    const same = `the same everywhere: ${formatNumber(high)}`;
    return { values: values.map(() => low), min: low, max: low + 1, note: same, brief: same };
  }
  const top = percentile(values, clip) ?? high;
  const max = top > low ? top : high;
  const note = max < high ? clipWords(clip, high) : "from least to most, nothing clipped";
  const range = `least to most, ${formatNumber(low)} to ${formatNumber(high)}`;
  return { min: low, max, note, brief: max < high ? clipBrief(clip, high) : range };
}

const clipWords = (clip: number, high: number): string =>
  `clipped at the ${clip}th percentile; max ${formatNumber(high)}`;
const clipBrief = (clip: number, high: number): string => `clip p${clip} · max ${formatNumber(high)}`;

/** The magnitude at which the colours end, and the words that say so. */
function clipped(values: Float32Array, clip: number, nothing: string) {
  const magnitudes = values.map(Math.abs);
  const [, high] = extremes(magnitudes);
  if (high === 0) return { end: 1, note: nothing, brief: "all zero", clips: false, zero: true };
  const found = percentile(magnitudes, clip) ?? 0;
  const end = found > 0 ? found : high;
  if (end < high) {
    return { end, note: clipWords(clip, high), brief: clipBrief(clip, high), clips: true, zero: false };
  }
  const max = `max ${formatNumber(high)}`;
  return { end, note: `nothing clipped; ${max}`, brief: `${max}, unclipped`, clips: false, zero: false };
}

/** A percentile of the values that are known. */
function percentile(values: Float32Array, percent: number): number | undefined {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return known[Math.floor((percent / 100) * (known.length - 1))];
}

/** The least and the greatest of some values. */
export function extremes(values: Float32Array): readonly [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function assertMap({ map, shape, kind, clip, gaps = 0 }: MapOptions): void {
  const { axes } = drawingOf(kind);
  if (!axes.some((count) => count === shape.length) || map.length !== sizeOf(shape)) {
    const expected = axes.map((count) => (count === 3 ? "H×W×C" : "H×W")).join(" or ");
    throw new InputError(
      `map of kind ${kind}: expected values of ${expected}, got ${map.length} for ${formatShape(shape)}`,
    );
  }
  const bad = map.find((value) => !Number.isFinite(value) && !(gaps > 0 && Number.isNaN(value)));
  if (bad !== undefined) throw new InputError(`map of kind ${kind}: expected finite values, got ${bad}`);
  if (clip !== undefined && !(clip > 0 && clip <= 100)) {
    throw new InputError(
      `map of kind ${kind}: expected a percentile above 0 and up to 100 to clip at, got ${clip}`,
    );
  }
}

/** @throws InputError when a map at the image's pixels has another size than the image. */
export function assertFits({ kind, shape }: MapOptions, { width, height }: Pixels): void {
  if (shape.length === 3 && (shape[0] !== height || shape[1] !== width)) {
    throw new InputError(
      `map of kind ${kind}: expected a map as large as the image, ${height}×${width}, got ${formatShape(shape)}`,
    );
  }
}

import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { withinRounding } from "../graph/finite.ts";
import type { Pixels } from "../images/pixels.ts";
import { type ColorMapName, colorMap, DIVERGING_MAPS, isUneven, SEQUENTIAL_MAPS } from "./color-maps.ts";
import { formatNumber } from "./layout.ts";

const TECHNIQUES = [
  "saliency",
  "guided-backprop",
  "deconvnet",
  "grad-cam",
  "occlusion",
  "activation",
  "attribution",
  "expectation",
] as const;

/**
 * Techniques whose maps a figure can show. "attribution" is any signed map [H, W] whose values speak for or against what was
 * asked; "expectation" one whose values mean something by their differences only, such as RISE's.
 */
export type FigureTechnique = (typeof TECHNIQUES)[number];

/** A map, and how its values become colours. */
export interface ShadeOptions {
  /** The technique's values, row by row. */
  readonly map: Float32Array;
  /** [H, W, C] for saliency, guided backprop and deconvnet; [h, w] for the others. */
  readonly shape: Shape;
  readonly technique: FigureTechnique;
  /** How many values are NaN because nothing is known of their places, which are hatched. Default 0: NaN is refused. */
  readonly gaps?: number;
  /** What the values are, below the map. Default: what the technique computes. */
  readonly unit?: string;
  /**
   * The percentile of the magnitudes at which the colours end, above 0 and up to 100. Default: 99 for gradients and
   * attributions, whose largest values a few pixels hold; 100 (nothing clipped) for the others.
   */
  readonly clip?: number;
  /**
   * The colour map, where its kind fits: diverging for signed maps, sequential for the others, which keep theirs. Jet and turbo
   * go with both, and the caption says that they are not uniform.
   */
  readonly colors?: ColorMapName;
}

export const SHADE: Fields<ShadeOptions> = {
  ...{ map: "must", shape: "must", technique: { must: TECHNIQUES } },
  ...{ gaps: "may", unit: "may", clip: "may", colors: "may" },
};

/** A map [h, w] with the colours that its values take. */
export interface Shade {
  readonly values: Float32Array;
  readonly size: readonly [h: number, w: number];
  readonly colors: ColorMapName;
  /** Values of the first and the last colour; signed maps have zero in the middle. */
  readonly min: number;
  readonly max: number;
  readonly signed: boolean;
  /** Whether the picture over the image is smooth between cells that stand beside it as squares. */
  readonly smooth: boolean;
  /** How much of the image the strongest value hides. */
  readonly opacity: number;
  readonly unit: string;
  /** What was clipped, in words; `brief` where there is little room. */
  readonly note: string;
  readonly brief: string;
  /** What the picture over the image is. */
  readonly over: readonly string[];
}

/** @throws InputError when the values do not fit the shape, the shape not the technique, or an option is out of range. */
export function shadeOf(options: ShadeOptions): Shade {
  assertMap(options);
  return {
    saliency: gradient,
    "guided-backprop": gradient,
    deconvnet: gradient,
    "grad-cam": cells,
    activation: cells,
    occlusion,
    attribution,
    expectation,
  }[options.technique](options);
}

/** Whether a technique's map is a signal at the image's pixels and colours. */
export function isGradient(technique: FigureTechnique): boolean {
  return technique === "saliency" || isSignal(technique);
}

/** Whether the values themselves are shown as a picture. */
export function isSignal(technique: FigureTechnique): boolean {
  return technique === "guided-backprop" || technique === "deconvnet";
}

/** The same map with other ends of its colours, as one scale for several maps needs. */
export function rescaled(shade: Shade, min: number, max: number): Shade {
  const [, high] = extremes(shade.values);
  const clips = high > max || extremes(shade.values)[0] < min;
  const brief = `one scale · max ${formatNumber(high)}${clips ? ", clipped" : ""}`;
  return { ...shade, min, max, brief, note: brief };
}

function gradient(options: ShadeOptions): Shade {
  const signal = isSignal(options.technique);
  const { unit = `max over colour of ${signal ? "|signal|" : "|∂S/∂x|"}`, map, shape, clip = 99 } = options;
  const [height = 1, width = 1, channels = 1] = shape;
  const values = new Float32Array(height * width);
  for (let i = 0; i < map.length; i++) {
    const pixel = Math.floor(i / channels);
    values[pixel] = Math.max(values[pixel] ?? 0, Math.abs(map[i] ?? 0));
  }
  const { scale, ...words } = clipped(values, clip, "all zero: no pixel changes it");
  return {
    ...{ values, size: [height, width], unit, ...words, signed: false, smooth: false, opacity: 0.85 },
    ...{ colors: colorsFor(options, "inferno"), min: 0, max: scale, over: ["map over the image"] },
  };
}

/** Maps at a layer's own resolution: smooth over the image, as they are beside it. */
function cells(options: ShadeOptions): Shade {
  const { map, shape, technique, clip = 100 } = options;
  const { unit = technique === "grad-cam" ? "ReLU(∑ weight × activation)" : "activation" } = options;
  const [h = 1, w = 1] = shape;
  const [low] = extremes(map);
  const nothing = technique === "grad-cam" ? "all zero: nothing in the layer speaks for it" : "all zero";
  const { scale, note, brief, clips } = clipped(map.map(Math.abs), clip, nothing);
  const all = brief === "all zero";
  return {
    ...{ values: map, size: [h, w], unit, signed: low < 0, smooth: true, opacity: 0.65 },
    ...{ colors: colorsFor(options, low < 0 ? "rdbu" : "inferno"), min: low < 0 ? -scale : 0, max: scale },
    note: all ? note : `${h}×${w} cells, ${clips ? note : `max ${formatNumber(extremes(map)[1])}`}`,
    brief: all ? brief : `${h}×${w} cells, ${clips ? brief : `max ${formatNumber(extremes(map)[1])}`}`,
    over: ["map over the image", "bilinear between the layer's cells"],
  };
}

function occlusion(options: ShadeOptions): Shade {
  const { map, gaps = 0, clip = 100, unit = "fall of the score where covered" } = options;
  const { scale, note, brief, clips } = clipped(
    map.map(Math.abs),
    clip,
    "all zero: covering changes nothing",
  );
  const [low, high] = extremes(map);
  const range = `from ${formatNumber(low)} to ${formatNumber(high)}`;
  const uncovered = gaps > 0 ? "; hatched: uncovered" : "";
  return {
    ...signedMap(options, scale),
    unit,
    note: `${clips ? `${range}, ${note}` : `${range}, nothing clipped`}${uncovered}`,
    brief: gaps > 0 ? `${brief}, hatched: uncovered` : brief,
    over: ["map over the image", "red: covering hurts; blue: it helps"],
  };
}

/** Signed shares: zero in the middle of the colours, clipped where a few pixels would darken the rest. */
function attribution(options: ShadeOptions): Shade {
  const { map, clip = 99, unit = "share of the score" } = options;
  const { scale, note, brief } = clipped(map.map(Math.abs), clip, "all zero: no pixel changes it");
  const over = ["map over the image", "red speaks for it, blue against it"];
  return { ...signedMap(options, scale), unit, note, brief, over };
}

function signedMap(options: ShadeOptions, scale: number) {
  const [h = 1, w = 1] = options.shape;
  return {
    ...{ values: options.map, size: [h, w] as const, signed: true, smooth: false, opacity: 0.7 },
    ...{ colors: colorsFor(options, "rdbu"), min: -scale, max: scale },
  };
}

/** Values that differ little from one another: the colours span what there is. */
function expectation(options: ShadeOptions): Shade {
  const { map, shape, clip = 100, unit = "expected score where shown" } = options;
  const [h = 1, w = 1] = shape;
  const [low, high] = extremes(map);
  // Differences of a few roundings are no picture.
  if (withinRounding(low, high)) {
    const same = `the same everywhere: ${formatNumber(high)}`;
    return {
      ...{ values: map.map(() => low), size: [h, w], unit, signed: false, smooth: false, opacity: 0.65 },
      ...{ colors: colorsFor(options, "inferno"), min: low, max: low + 1, note: same, brief: same },
      over: ["map over the image"],
    };
  }
  const sorted = map.toSorted();
  const top = sorted[Math.floor((clip / 100) * (map.length - 1))] ?? high;
  const max = top > low ? top : high;
  return {
    ...{ values: map, size: [h, w], unit, signed: false, smooth: false, opacity: 0.65, min: low, max },
    colors: colorsFor(options, "inferno"),
    note: max < high ? clipWords(clip, high) : "from least to most, nothing clipped",
    brief:
      max < high ? clipBrief(clip, high) : `least to most, ${formatNumber(low)} to ${formatNumber(high)}`,
    over: ["map over the image"],
  };
}

const clipWords = (clip: number, high: number): string =>
  `clipped at the ${clip}th percentile; max ${formatNumber(high)}`;
const clipBrief = (clip: number, high: number): string => `clip p${clip} · max ${formatNumber(high)}`;

/** The magnitude that the strongest colour stands for, and the words that say so. */
function clipped(magnitudes: Float32Array, clip: number, nothing: string) {
  const [, high] = extremes(magnitudes);
  if (high === 0) return { scale: 1, note: nothing, brief: "all zero", clips: false };
  const known = magnitudes.filter((value) => !Number.isNaN(value)).sort();
  const percentile = known[Math.floor((clip / 100) * (known.length - 1))] ?? 0;
  const scale = percentile > 0 ? percentile : high;
  if (scale < high) return { scale, note: clipWords(clip, high), brief: clipBrief(clip, high), clips: true };
  const max = `max ${formatNumber(high)}`;
  return { scale, note: `nothing clipped; ${max}`, brief: `${max}, unclipped`, clips: false };
}

/** What a caption must say of a map's colours. */
export function caveatOf(colors: ColorMapName): string[] {
  return isUneven(colors) ? [`${colors} is not uniform: its bands are not the map's`] : [];
}

/** The colour map that was asked for, where it is of the usual one's kind; one that is not uniform is of every kind. */
export function colorsFor({ colors }: Pick<ShadeOptions, "colors">, usual: ColorMapName): ColorMapName {
  if (colors === undefined) return usual;
  const kinds: readonly (readonly ColorMapName[])[] = [SEQUENTIAL_MAPS, DIVERGING_MAPS];
  // Says which names there are when it is none of them.
  colorMap(colors);
  if (isUneven(colors)) return colors;
  return kinds.some((kind) => kind.includes(usual) && kind.includes(colors)) ? colors : usual;
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

function assertMap({ map, shape, technique, clip, gaps = 0 }: ShadeOptions): void {
  const gradient = isGradient(technique);
  if (shape.length !== (gradient ? 3 : 2) || map.length !== sizeOf(shape)) {
    throw new InputError(
      `figure of ${technique}: expected values of ${gradient ? "H×W×C" : "H×W"}, got ${map.length} for ${formatShape(shape)}`,
    );
  }
  const bad = map.find((value) => !Number.isFinite(value) && !(gaps > 0 && Number.isNaN(value)));
  if (bad !== undefined) throw new InputError(`figure of ${technique}: expected finite values, got ${bad}`);
  if (clip !== undefined && !(clip > 0 && clip <= 100)) {
    throw new InputError(
      `figure of ${technique}: expected a percentile above 0 and up to 100 to clip at, got ${clip}`,
    );
  }
}

/** @throws InputError when a map at the image's pixels has another size than the image. */
export function assertFits({ technique, shape }: ShadeOptions, { width, height }: Pixels): void {
  if (isGradient(technique) && (shape[0] !== height || shape[1] !== width)) {
    throw new InputError(
      `figure of ${technique}: expected a map as large as the image, ${height}×${width}, got ${formatShape(shape)}`,
    );
  }
}

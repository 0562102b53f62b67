import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { type ColorMapName, colorMap } from "./color-maps.ts";
import { enlargeMap, enlargePixels, type Shown, shownSize } from "./enlarge.ts";
import { formatNumber, layOut, type Panel } from "./layout.ts";
import type { Pixels } from "./pixels.ts";

/**
 * Techniques whose maps a figure can show. "attribution" is any signed map [H, W] whose values speak for or against what was
 * asked; "expectation" one whose values mean something by their differences only, such as RISE's.
 */
export type FigureTechnique =
  | "saliency"
  | "guided-backprop"
  | "deconvnet"
  | "grad-cam"
  | "occlusion"
  | "activation"
  | "attribution"
  | "expectation";

export interface FigureOptions {
  /** What the network saw: as large as its input. */
  readonly image: Pixels;
  /** The technique's values, row by row. */
  readonly map: Float32Array;
  /** [H, W, C] for saliency, guided backprop and deconvnet; [h, w] for the others. */
  readonly shape: Shape;
  readonly technique: FigureTechnique;
  /** First line: what was asked. */
  readonly title: string;
  /** Second line: the network, the layer. */
  readonly subtitle?: string;
  /** What the values are, below the map. Default: what the technique computes. */
  readonly unit?: string;
}

/** Share of the values that a gradient's picture shows unclipped. */
const CLIP = 0.99;

/**
 * Draws what a technique found: the image, the map over it, and the map alone with its colour bar. Gradients are clipped
 * at their 99th percentile, which the caption says. Guided backprop and deconvnet show their signal in colour around
 * grey (zero) in place of the overlay. Occlusion has zero in the middle of its colours.
 * @throws InputError when the values do not fit the shape, or the shape not the technique.
 */
export function renderFigure(options: FigureOptions): Pixels {
  const { image, technique, title, subtitle } = options;
  assertMap(options);
  const shown = shownSize(image.width, image.height);
  const picture = enlargePixels(image, shown);
  const original: Panel = {
    picture,
    caption: ["image", `as the network takes it, ${image.height}×${image.width}`],
  };
  const found = { saliency, "guided-backprop": signal, deconvnet: signal, ...OTHERS }[technique];
  return layOut({
    title,
    ...(subtitle === undefined ? {} : { subtitle }),
    panels: [original, ...found(options, picture, shown)],
  });
}

const OTHERS = { "grad-cam": cam, activation: cam, occlusion, attribution, expectation } as const;

function saliency(options: FigureOptions, picture: Pixels, shown: Shown): Panel[] {
  const { unit = "max over colour of |∂S/∂x|" } = options;
  const { values, size } = magnitude(options);
  const { scale, note } = clipped(values);
  const large = enlargeMap(values, size, shown);
  return [
    { picture: over(picture, large, "inferno", [0, scale]), caption: ["map over the image"] },
    heat(large, shown, "inferno", [0, scale], [unit, note]),
  ];
}

/** Guided backprop and deconvnet: the signal itself as a picture, and its magnitude. */
function signal(options: FigureOptions, _picture: Pixels, shown: Shown): Panel[] {
  const { unit = "max over colour of |signal|", map, shape } = options;
  const [height = 1, width = 1, channels = 1] = shape;
  const { values, size } = magnitude(options);
  const { scale, note } = clipped(values);
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      const value = map[i * channels + (channels === 3 ? c : 0)] ?? 0;
      data[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, 0.5 + value / (2 * scale))));
    }
  }
  const grey = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  return [
    {
      picture: enlargePixels({ width, height, data }, shown),
      caption: ["signal at the image, grey is zero", note],
      bar: { table: grey, min: -scale, max: scale },
    },
    heat(enlargeMap(values, size, shown), shown, "inferno", [0, scale], [unit, note]),
  ];
}

/** Maps at a layer's own resolution: smooth over the image, as they are beside it. */
function cam(options: FigureOptions, picture: Pixels, shown: Shown): Panel[] {
  const { map, shape, technique } = options;
  const { unit = technique === "grad-cam" ? "ReLU(∑ weight × activation)" : "activation" } = options;
  const [h = 1, w = 1] = shape;
  const low = least(map);
  const high = most(map);
  const signed = low < 0;
  const scale = Math.max(high, -low) || 1;
  const name = signed ? "rdbu" : "inferno";
  const from = signed ? -scale : 0;
  const smooth = enlargeMap(map, [h, w], { ...shown, squares: false });
  const cells = enlargeMap(map, [h, w], { ...shown, squares: true });
  const nothing = high === 0 && low === 0;
  return [
    {
      picture: over(picture, smooth, name, [from, scale], 0.65),
      caption: ["map over the image", "bilinear between the layer's cells"],
    },
    heat(
      cells,
      shown,
      name,
      [from, scale],
      [
        unit,
        nothing
          ? "all zero: nothing in the layer speaks for it"
          : `${h}×${w} cells, max ${formatNumber(high)}`,
      ],
    ),
  ];
}

function occlusion(options: FigureOptions, picture: Pixels, shown: Shown): Panel[] {
  const { map, shape, unit = "fall of the score where covered" } = options;
  const [h = 1, w = 1] = shape;
  const [low, high] = [least(map), most(map)];
  const scale = Math.max(high, -low) || 1;
  const large = enlargeMap(map, [h, w], shown);
  return [
    {
      picture: over(picture, large, "rdbu", [-scale, scale], 0.7),
      caption: ["map over the image", "red: covering hurts; blue: it helps"],
    },
    heat(
      large,
      shown,
      "rdbu",
      [-scale, scale],
      [unit, `from ${formatNumber(low)} to ${formatNumber(high)}, nothing clipped`],
    ),
  ];
}

/** Signed shares: zero in the middle of the colours, clipped where a few pixels would darken the rest. */
function attribution(options: FigureOptions, picture: Pixels, shown: Shown): Panel[] {
  const { map, shape, unit = "share of the score" } = options;
  const [h = 1, w = 1] = shape;
  const { scale, note } = clipped(map.map(Math.abs));
  const large = enlargeMap(map, [h, w], shown);
  return [
    {
      picture: over(picture, large, "rdbu", [-scale, scale], 0.7),
      caption: ["map over the image", "red speaks for it, blue against it"],
    },
    heat(large, shown, "rdbu", [-scale, scale], [unit, note]),
  ];
}

/** Values that differ little from one another: the colours span what there is. */
function expectation(options: FigureOptions, picture: Pixels, shown: Shown): Panel[] {
  const { map, shape, unit = "expected score where shown" } = options;
  const [h = 1, w = 1] = shape;
  const [low, high] = [least(map), most(map)];
  const large = enlargeMap(map, [h, w], shown);
  const above = large.map((value) => value - low);
  const span = high - low || 1;
  return [
    { picture: over(picture, above, "inferno", [0, span], 0.65), caption: ["map over the image"] },
    heat(large, shown, "inferno", [low, low + span], [unit, "from least to most, nothing clipped"]),
  ];
}

function heat(
  values: Float32Array,
  { width, height }: Shown,
  name: ColorMapName,
  [min, max]: readonly [number, number],
  caption: readonly string[],
): Panel {
  const table = colorMap(name);
  const data = new Uint8Array(width * height * 3);
  for (const [i, value] of values.entries()) data.set(colorAt(table, value, min, max), 3 * i);
  return { picture: { width, height, data }, caption, bar: { table, min, max } };
}

/** The map in colour over the image in grey: the further from zero, the less of the image. */
function over(
  { width, height, data }: Pixels,
  values: Float32Array,
  name: ColorMapName,
  [min, max]: readonly [number, number],
  opacity = 0.85,
): Pixels {
  const table = colorMap(name);
  const mixed = new Uint8Array(width * height * 3);
  for (const [i, value] of values.entries()) {
    const color = colorAt(table, value, min, max);
    const luma = 0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0);
    const share = Math.min(1, Math.abs(value) / max);
    const alpha = Math.min(opacity, 1.2 * share);
    // A paler image under light colours, a darker one under dark colours.
    const below = min < 0 ? 70 + 0.66 * luma : 0.75 * luma;
    for (const [c, channel] of color.entries())
      mixed[3 * i + c] = Math.round(below + alpha * (channel - below));
  }
  return { width, height, data: mixed };
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

function magnitude({ map, shape }: FigureOptions): { values: Float32Array; size: [number, number] } {
  const [height = 1, width = 1, channels = 1] = shape;
  const values = new Float32Array(height * width);
  for (let i = 0; i < map.length; i++) {
    const pixel = Math.floor(i / channels);
    values[pixel] = Math.max(values[pixel] ?? 0, Math.abs(map[i] ?? 0));
  }
  return { values, size: [height, width] };
}

/** The value that the brightest colour stands for, and the words that say so. */
function clipped(values: Float32Array): { scale: number; note: string } {
  const high = most(values);
  if (high === 0) return { scale: 1, note: "all zero: no pixel changes it" };
  const percentile = values.toSorted()[Math.floor(CLIP * (values.length - 1))] ?? 0;
  const scale = percentile > 0 ? percentile : high;
  return {
    scale,
    note:
      scale < high
        ? `clipped at the 99th percentile; max ${formatNumber(high)}`
        : `nothing clipped; max ${formatNumber(high)}`,
  };
}

function least(values: Float32Array): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}

function most(values: Float32Array): number {
  return values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
}

function assertMap({ map, shape, technique, image }: FigureOptions): void {
  const gradient = technique === "saliency" || technique === "guided-backprop" || technique === "deconvnet";
  if (shape.length !== (gradient ? 3 : 2) || map.length !== sizeOf(shape)) {
    throw new InputError(
      `figure of ${technique}: expected values of ${gradient ? "H×W×C" : "H×W"}, got ${map.length} for ${formatShape(shape)}`,
    );
  }
  if (gradient && (shape[0] !== image.height || shape[1] !== image.width)) {
    throw new InputError(
      `figure of ${technique}: expected a map as large as the image, ${image.height}×${image.width}, got ${formatShape(shape)}`,
    );
  }
  const bad = map.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InputError(`figure of ${technique}: expected finite values, got ${bad}`);
}

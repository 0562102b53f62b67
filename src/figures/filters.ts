import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { colorAt, colorMap } from "./color-maps.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { greyBar, LINE, layOut, type Panel, QUIET, SMALL } from "./layout.ts";
import { textWidth } from "./lettering.ts";
import { Pixmap } from "./pixmap.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";

/** A convolution's filters, as a figure of them needs them; `filtersOf` gives it. */
export interface FilterSet {
  readonly layer: string;
  /** [kh, kw, inputs, outputs] */
  readonly shape: readonly [number, number, number, number];
  readonly w: Float32Array;
  /** True where the filters look at the image, of 1 or 3 channels: then each is one picture. */
  readonly first: boolean;
  readonly largest: number;
  readonly norms: Float32Array;
  readonly dead: readonly number[];
}

export interface FilterFigureOptions {
  readonly filters: FilterSet;
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** The filters to show, in this order. Default: of a first layer all, of a later one the eight of the largest norm. */
  readonly channels?: readonly number[] | undefined;
  /** Most inputs that a later layer's filters are shown by: those with the largest weights. Default 32. */
  readonly inputs?: number | undefined;
  /** Patterns at the image, [h, w, 1 or 3], one a shown filter: `filterCombination` gives them. */
  readonly combinations?: readonly { readonly data: Float32Array; readonly shape: Shape }[] | undefined;
}

const FILTER_FIGURE: Fields<FilterFigureOptions> = {
  ...{ filters: "must", title: "must" },
  ...{ subtitle: "may", channels: "may", inputs: "may", combinations: "may" },
};

const ROOM = 1000;
const GAP = 4;
const DEAD: Color = [214, 39, 40];
/** Room for the number above a filter. */
const LABEL = 16;

/**
 * Draws a convolution's weights, as pixels: {@link composeFilters}, rasterised.
 * @throws InputError as {@link composeFilters} and {@link rasterize} do.
 */
export async function renderFilters(
  options: FilterFigureOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeFilters(options), picture);
}

/**
 * Composes a figure of a convolution's weights, an SVG document. Filters of a first layer are pictures of their own, w/(2·max|w|) + ½ with one scale for the
 * layer: grey is zero, and a dead filter is grey all over, in a red frame. Of a later layer, rows are filters and columns
 * inputs, each weight a square of one signed scale; beside them, where given, the patterns that they make at the image.
 * @throws InputError for filters that do not exist.
 */
export function composeFilters(options: FilterFigureOptions): Figure {
  assertFields("figure of filters", options, FILTER_FIGURE);
  const { filters, title, subtitle, combinations } = options;
  const { layer, shape, w, first } = filters;
  const [kh, kw, inputs, outputs] = shape;
  const channels = options.channels ?? (first ? [...filters.norms.keys()] : strongest(filters.norms, 8));
  const stray = channels.find((k) => !Number.isInteger(k) || k < 0 || k >= outputs);
  if (stray !== undefined || channels.length === 0 || w.length !== sizeOf(shape)) {
    throw new InputError(
      `filters of "${layer}": expected some of 0 to ${outputs - 1}, got ${stray ?? (channels.length === 0 ? "none" : `${w.length} weights`)}`,
    );
  }
  const scale = filters.largest || 1;
  if (combinations && combinations.length !== channels.length) {
    throw new InputError(
      `filters of "${layer}": expected ${channels.length} combinations, got ${combinations.length}`,
    );
  }
  const dead = new Set(filters.dead);
  const words = deadWords(filters.dead, outputs);
  const head = { title, subtitle };
  const grid = (patterns: readonly Pattern[], most: number) => pictures(patterns, channels, dead, most);
  if (first) {
    const patterns = channels.map((k): Pattern => {
      const data = Float32Array.from({ length: kh * kw * inputs }, (_, i) => w[i * outputs + k] ?? 0);
      return { data, shape: [kh, kw, inputs], scale };
    });
    const about = `${channels.length} of ${outputs} filters of ${kh}×${kw}×${inputs}, one scale for the layer`;
    return layOut({
      ...head,
      panels: [
        {
          picture: grid(patterns, ROOM),
          caption: [about, words],
          bar: greyBar(scale),
        },
      ],
    });
  }
  const own = combinations?.map(
    (combination): Pattern => ({ ...combination, scale: largestOf(combination.data) }),
  );
  const panels: Panel[] = [matrix(filters, channels, options.inputs ?? 32, words)];
  if (own) {
    panels.push({
      picture: grid(own, 420),
      caption: ["combination of first-layer filters", "each on its own scale, grey is zero"],
    });
  }
  return layOut({ ...head, panels });
}

interface Pattern {
  readonly data: Float32Array;
  readonly shape: Shape;
  readonly scale: number;
}

/** Numbered pictures side by side, their pixels as squares. */
function pictures(
  patterns: readonly Pattern[],
  channels: readonly number[],
  dead: ReadonlySet<number>,
  room: number,
): Drawing {
  const height = Math.max(...patterns.map(({ shape }) => shape[0] ?? 1));
  const width = Math.max(...patterns.map(({ shape }) => shape[1] ?? 1));
  const columns = Math.min(patterns.length, Math.max(1, Math.round(Math.sqrt(1.8 * patterns.length))));
  const fit = Math.floor((room / columns - GAP) / width);
  const least = Math.ceil(24 / Math.max(width, height));
  const square = Math.max(
    1,
    Math.min(Math.max(fit, least), Math.max(1, Math.floor(96 / Math.max(width, height)))),
  );
  const [across, down] = [Math.max(width * square, 22) + GAP + 2, height * square + GAP + LABEL];
  const pixmap = new Pixmap(columns * across + GAP, Math.ceil(patterns.length / columns) * down + GAP);
  const drawing = new Drawing(pixmap.width, pixmap.height);
  const numbers: (() => void)[] = [];
  for (const [i, { data, shape, scale }] of patterns.entries()) {
    const [h = 1, w = 1, inputs = 1] = shape;
    const [x, y] = [GAP + (i % columns) * across, GAP + LABEL + Math.floor(i / columns) * down];
    const channel = channels[i] ?? 0;
    const isDead = dead.has(channel);
    const style = { color: isDead ? DEAD : QUIET, size: SMALL };
    numbers.push(() => drawing.text(String(channel), x, y - 4, style));
    for (let pixel = 0; pixel < h * w; pixel++) {
      const color = [0, 1, 2].map((c) => {
        const value = data[pixel * inputs + (inputs === 3 ? c : 0)] ?? 0;
        return Math.round(255 * Math.min(1, Math.max(0, 0.5 + value / (2 * scale))));
      }) as unknown as Color;
      pixmap.rect(x + (pixel % w) * square, y + Math.floor(pixel / w) * square, square, square, color);
    }
    pixmap.frame(x, y, w * square, h * square, isDead ? DEAD : LINE);
  }
  drawing.place(pixmap, 0, 0);
  for (const write of numbers) write();
  return drawing;
}

/** Slices [kh, kw] of every shown filter and input. */
function matrix(
  { shape, w, largest, dead }: FilterSet,
  channels: readonly number[],
  most: number,
  words: string,
): Panel {
  const [kh, kw, inputs, outputs] = shape;
  const weight = Float32Array.from({ length: inputs }, (_, i) => {
    let sum = 0;
    for (let tap = 0; tap < kh * kw; tap++) {
      for (const k of channels) sum += (w[(tap * inputs + i) * outputs + k] ?? 0) ** 2;
    }
    return sum;
  });
  const shown = strongest(weight, most).sort((a, b) => a - b);
  const side = Math.max(kh, kw);
  const square = Math.max(2, Math.min(14, Math.floor((ROOM / shown.length - GAP) / side)));
  const [across, down] = [kw * square + GAP, kh * square + GAP];
  const pixmap = new Pixmap(shown.length * across + GAP, LABEL + channels.length * down + GAP);
  const table = colorMap("rdbu");
  const scale = largest || 1;
  const numbered = Math.ceil((Math.max(...shown.map((i) => textWidth(String(i), SMALL))) + 6) / across);
  for (const [column, i] of shown.entries()) {
    const x = GAP + column * across;
    for (const [row, k] of channels.entries()) {
      const y = LABEL + row * down;
      for (let tap = 0; tap < kh * kw; tap++) {
        const color = colorAt(table, w[(tap * inputs + i) * outputs + k] ?? 0, -scale, scale);
        pixmap.rect(x + (tap % kw) * square, y + Math.floor(tap / kw) * square, square, square, color);
      }
      pixmap.frame(x, y, kw * square, kh * square, dead.includes(k) ? DEAD : LINE);
    }
  }
  const drawing = new Drawing(pixmap.width, pixmap.height);
  drawing.place(pixmap, 0, 0);
  for (const [column, i] of shown.entries()) {
    if (column % numbered > 0) continue;
    drawing.text(String(i), GAP + column * across, LABEL - 4, { color: QUIET, size: SMALL });
  }
  const every = Math.max(1, Math.ceil(14 / down));
  return {
    picture: drawing,
    bar: { table, min: -scale, max: scale },
    rows: channels
      .map((k, row) => ({ y: LABEL + row * down, text: String(k) }))
      .filter((_, row) => row % every === 0),
    caption: [
      `weights of ${kh}×${kw}: rows are ${channels.length} of ${outputs} filters, columns ${shown.length === inputs ? "their" : `the ${shown.length} strongest of`} ${inputs} inputs`,
      `one scale for the layer, max |w| ${formatNumber(largest)}; ${words}`,
    ],
  };
}

function deadWords(dead: readonly number[], outputs: number): string {
  if (dead.length === 0) return "no dead filter";
  const shown = dead.slice(0, 12).join(", ");
  return `${dead.length} of ${outputs} filters dead (red): ${shown}${dead.length > 12 ? ", …" : ""}`;
}

/** Indices of the largest values, largest first. */
function strongest(values: Float32Array, most: number): number[] {
  return [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, most);
}

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
}

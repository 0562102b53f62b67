import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { CAPITAL, INK, LINE, QUIET, SMALL } from "./layout.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles, type Tile } from "./tiles.ts";

/** A number for each channel. */
export interface ChannelNumbers {
  readonly name: string;
  readonly values: readonly number[];
}

/** Accuracy as channels are removed: of the whole network, and after each. */
export interface AccuracyCurve {
  readonly name: string;
  readonly accuracy: readonly number[];
}

export interface ImportanceFigureOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Each drawn as bars, the largest first. */
  readonly criteria: readonly ChannelNumbers[];
  /** Drawn together. */
  readonly curves?: readonly AccuracyCurve[] | undefined;
  readonly notes?: readonly string[] | undefined;
}

const FIELDS: Fields<ImportanceFigureOptions> = {
  ...{ title: "must", subtitle: "may", criteria: "must", curves: "may", notes: "may" },
};

const COLORS: readonly Color[] = [
  [38, 98, 166],
  [217, 128, 38],
  [72, 150, 92],
  [150, 92, 160],
];
const [WIDTH, HEIGHT] = [300, 170];
const ROOM = 14;
/** Bars whose channel is named. */
const NAMED = 8;

/** Draws the importance of filters, as pixels: {@link composeImportance}, rasterised. @throws InputError as it does. */
export async function renderImportance(
  options: ImportanceFigureOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeImportance(options), picture);
}

/**
 * Composes a figure of the importance of filters, an SVG document: for each criterion the channels' numbers as bars, the largest first,
 * with the numbers of the first channels; and how accurate the network is as channels are removed.
 * @throws InputError when there is nothing to draw.
 */
export function composeImportance(options: ImportanceFigureOptions): Figure {
  assertFields("figure of importance", options, FIELDS);
  const { title, subtitle, criteria, curves = [], notes } = options;
  if (criteria.length + curves.length === 0) {
    throw new InputError("figure of importance: expected a criterion or a curve, got none");
  }
  const bars = criteria.map(({ name, values }): Tile => {
    const ranked = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    const first = ranked.slice(0, NAMED).join(", ");
    return {
      picture: drawBars(ranked.map((c) => values[c] ?? 0)),
      label: name,
      caption: [`first: ${first}`],
    };
  });
  const tiles: Tile[] =
    curves.length > 0
      ? [...bars, { picture: drawCurves(curves), label: "accuracy as channels go", caption: [""] }]
      : bars;
  const lines = Array.from({ length: Math.ceil(tiles.length / 3) }, (_, i) => [
    { tiles: tiles.slice(3 * i, 3 * i + 3) },
  ]);
  return layOutTiles({ ...{ title, subtitle, notes, lines }, width: WIDTH, height: HEIGHT });
}

function drawBars(values: readonly number[]): Drawing {
  const drawing = new Drawing(WIDTH, HEIGHT);
  const [most, least] = [Math.max(0, ...values), Math.min(0, ...values)];
  const span = most - least || 1;
  const [top, bottom] = [ROOM + CAPITAL + 4, HEIGHT - ROOM];
  const yOf = (value: number): number => bottom - ((value - least) / span) * (bottom - top);
  const width = (WIDTH - 2 * ROOM) / values.length;
  const zero = Math.round(yOf(0));
  for (const [i, value] of values.entries()) {
    const y = Math.round(yOf(value));
    const gap = width > 3 ? 1 : 0;
    const [x, end] = [Math.round(ROOM + i * width), Math.round(ROOM + (i + 1) * width)];
    drawing.rect(x, Math.min(y, zero), Math.max(1, end - x - gap), Math.abs(y - zero), COLORS[0] ?? INK);
  }
  drawing.rect(ROOM, zero, WIDTH - 2 * ROOM, 1, LINE);
  const style = { color: QUIET, size: SMALL } as const;
  drawing.text(formatNumber(most), ROOM, ROOM + CAPITAL - 4, style);
  if (least < 0) drawing.text(formatNumber(least), WIDTH - ROOM, HEIGHT - 3, { ...style, align: "right" });
  return drawing;
}

function drawCurves(curves: readonly AccuracyCurve[]): Drawing {
  const drawing = new Drawing(WIDTH, HEIGHT);
  const most = Math.max(1, ...curves.map(({ accuracy }) => accuracy.length - 1));
  const [left, top, bottom] = [ROOM + 26, ROOM + 6, HEIGHT - ROOM - 8];
  const xOf = (n: number): number => left + (n / most) * (WIDTH - ROOM - left);
  const yOf = (share: number): number => bottom - share * (bottom - top);
  const style = { color: QUIET, size: SMALL } as const;
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(yOf(share));
    drawing.rect(left, y, WIDTH - ROOM - left, 1, LINE);
    drawing.text(`${100 * share} %`, left - 4, y + Math.round(CAPITAL / 2), { ...style, align: "right" });
  }
  drawing.text("0", left, HEIGHT - 4, style);
  drawing.text(String(most), WIDTH - ROOM, HEIGHT - 4, { ...style, align: "right" });
  for (const [i, { name, accuracy }] of curves.entries()) {
    const color = COLORS[i % COLORS.length] ?? INK;
    drawing.path(
      accuracy.map((share, n) => [xOf(n), yOf(share)] as const),
      color,
      2,
    );
    drawing.text(name, left + 8, bottom - 8 - 14 * (curves.length - 1 - i), {
      color,
      size: SMALL,
      weight: 600,
    });
  }
  return drawing;
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { LINE } from "./layout.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles } from "./tiles.ts";

/** How often a channel had each value. */
export interface ChannelDistribution {
  readonly channel: number;
  readonly range: readonly [number, number];
  readonly counts: readonly number[];
  /** Share of its values that are zero. */
  readonly zeros: number;
  /** What is wrong with it, in a word; its bars are red then. */
  readonly fault?: string | undefined;
  /** What else is said of it, in a few words: its twin. */
  readonly remark?: string | undefined;
}

export interface DistributionFigureOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly channels: readonly ChannelDistribution[];
  readonly notes?: readonly string[] | undefined;
}

const FIELDS: Fields<DistributionFigureOptions> = {
  title: "must",
  subtitle: "may",
  channels: "must",
  notes: "may",
};

const BLUE: Color = [38, 98, 166];
const RED: Color = [176, 58, 46];
const [WIDTH, HEIGHT] = [104, 48];

/** Draws a wall of distributions, as pixels: {@link composeDistributions}, rasterised. @throws InputError as it does. */
export async function renderDistributions(
  options: DistributionFigureOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeDistributions(options), picture);
}

/**
 * Composes a wall of a layer's distributions, an SVG document: for each channel how often it had each value, in heights of the logarithm so
 * that rare values are seen, with its number and its share of zeros.
 * @throws InputError when there is no channel.
 */
export function composeDistributions(options: DistributionFigureOptions): Figure {
  assertFields("figure of distributions", options, FIELDS);
  const { title, subtitle, channels, notes } = options;
  if (channels.length === 0) throw new InputError("figure of distributions: expected a channel, got none");
  const remarks = channels.some(({ remark }) => remark !== undefined);
  const tiles = channels.map(({ channel, range: [, largest], counts, zeros, fault, remark }) => ({
    picture: drawn(counts, fault === undefined ? BLUE : RED),
    label: fault === undefined ? String(channel) : `${channel} ${fault}`,
    caption: [
      `${Math.round(100 * zeros)} % zeros`,
      `up to ${formatNumber(largest)}`,
      ...(remarks ? [remark ?? ""] : []),
    ],
  }));
  const columns = Math.max(4, Math.min(12, Math.ceil(Math.sqrt(tiles.length))));
  const lines = Array.from({ length: Math.ceil(tiles.length / columns) }, (_, i) => [
    { tiles: tiles.slice(i * columns, (i + 1) * columns) },
  ]);
  return layOutTiles({ ...{ title, subtitle, notes, lines }, width: WIDTH, height: HEIGHT });
}

function drawn(counts: readonly number[], color: Color): Drawing {
  const drawing = new Drawing(WIDTH, HEIGHT);
  const most = Math.log1p(Math.max(...counts));
  for (const [i, count] of counts.entries()) {
    const height = most > 0 ? Math.round((Math.log1p(count) / most) * (HEIGHT - 4)) : 0;
    const [x, end] = [i, i + 1].map((n) => Math.round((n * WIDTH) / counts.length)) as [number, number];
    if (height > 0) drawing.rect(x, HEIGHT - 1 - height, Math.max(1, end - x), height, color);
  }
  drawing.rect(0, HEIGHT - 1, WIDTH, 1, LINE);
  return drawing;
}

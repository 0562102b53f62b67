import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { classColor } from "./class-colors.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { headingOf, INK, LEADING, MARGIN, QUIET, SMALL } from "./layout.ts";
import { textWidth, wrapText } from "./lettering.ts";
import { Pixmap } from "./pixmap.ts";

/** A picture on a map. */
export interface MappedPicture {
  /** Its place; the map's scale is its own. y grows downwards. */
  readonly x: number;
  readonly y: number;
  /** Absent: a dot. */
  readonly thumbnail?: Pixels | undefined;
  /** What its frame, or its dot, is coloured by. */
  readonly group?: string | undefined;
}

export interface PictureMapOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly pictures: readonly MappedPicture[];
  /** Side of the map in pixels. Default 1000. */
  readonly size?: number | undefined;
  readonly notes?: readonly string[] | undefined;
}

const FIELDS: Fields<PictureMapOptions> = {
  ...{ title: "must", subtitle: "may", pictures: "must", size: "may", notes: "may" },
};
const DOT = 3;
const GROUND: Color = [250, 250, 249];
const NONE: Color = [120, 124, 130];

/**
 * Composes a map of pictures, an SVG document: each at its place, later ones above earlier ones, with a thin frame in the color of its
 * group; or as a dot. Groups are named beneath.
 * @throws InputError when there is no picture, or a place is no number.
 */
export function composePictureMap(options: PictureMapOptions): Figure {
  assertFields("map of pictures", options, FIELDS);
  const { title, subtitle, pictures, size = 1000, notes = [] } = options;
  if (pictures.length === 0) throw new InputError("map of pictures: expected at least one picture, got none");
  if (!pictures.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) {
    throw new InputError("map of pictures: expected finite places, got one that is none");
  }
  const groups = [...new Set(pictures.map(({ group }) => group))]
    .filter((group) => group !== undefined)
    .sort();
  const colorOf = (group: string | undefined): Color =>
    group === undefined ? NONE : classColor(groups.indexOf(group));
  const heading = headingOf({ title, subtitle }, size);
  const words = notes.flatMap((note) => wrapText(note, SMALL, size, 4));
  const legend = legendOf(groups, size);
  const bottom = heading.bottom + size + 16;
  const foot = bottom + legend.lines * LEADING + (words.length > 0 ? words.length * LEADING + 4 : 0);
  const drawing = new Drawing(size + 2 * MARGIN, foot + MARGIN - 8);
  heading.draw(drawing);
  drawing.place(plate(pictures, size, colorOf), MARGIN, heading.bottom);
  for (const { group, x, line } of legend.entries) {
    const y = bottom + line * LEADING + 8;
    drawing.rect(MARGIN + x, y - 7, 9, 9, colorOf(group));
    drawing.text(group, MARGIN + x + 14, y, { color: INK, size: SMALL });
  }
  for (const [i, text] of words.entries()) {
    drawing.text(text, MARGIN, bottom + (legend.lines + i) * LEADING + 12, { color: QUIET, size: SMALL });
  }
  return drawing.toFigure(title);
}

/** The pictures at their places. */
function plate(
  pictures: readonly MappedPicture[],
  size: number,
  colorOf: (group: string | undefined) => Color,
): Pixmap {
  const pixmap = new Pixmap(size, size);
  pixmap.rect(0, 0, size, size, GROUND);
  const [left, right] = extent(pictures.map(({ x }) => x));
  const [top, bottom] = extent(pictures.map(({ y }) => y));
  const span = Math.max(right - left, bottom - top) || 1;
  const room =
    Math.max(DOT, ...pictures.map(({ thumbnail: own }) => Math.max(own?.width ?? 0, own?.height ?? 0))) + 4;
  const scale = (size - room) / span;
  for (const { x, y, thumbnail, group } of pictures) {
    const at = [
      (x - (left + right) / 2) * scale + size / 2,
      (y - (top + bottom) / 2) * scale + size / 2,
    ] as const;
    if (!thumbnail) {
      pixmap.rect(Math.round(at[0] - DOT), Math.round(at[1] - DOT), 2 * DOT, 2 * DOT, colorOf(group));
      continue;
    }
    const { width, height, data } = thumbnail;
    const [from, down] = [Math.round(at[0] - width / 2), Math.round(at[1] - height / 2)];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const i = 3 * (row * width + column);
        pixmap.rect(from + column, down + row, 1, 1, [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0]);
      }
    }
    if (group !== undefined) pixmap.frame(from, down, width, height, colorOf(group));
  }
  return pixmap;
}

function extent(values: readonly number[]): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/** Where the name of each group stands. */
function legendOf(groups: readonly string[], room: number) {
  let [x, line] = [0, 0];
  const entries = groups.map((group) => {
    const width = Math.ceil(textWidth(group, SMALL)) + 32;
    if (x > 0 && x + width > room) [x, line] = [0, line + 1];
    const entry = { group, x, line };
    x += width;
    return entry;
  });
  return { entries, lines: groups.length > 0 ? line + 1 : 0 };
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { caveatOf } from "./color-maps.ts";
import type { Figure } from "./drawing.ts";
import {
  assertFits,
  type DrawnMap,
  drawnMap,
  extremes,
  isSignal,
  type MapOptions,
  rescaled,
} from "./drawn-map.ts";
import { barOf, greyBar, TEXT } from "./layout.ts";
import { wrapText } from "./lettering.ts";
import { mapPixels, overlayPixels, picturePixels, signalPixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import type { FigureTable } from "./table.ts";
import { layOutTiles, type Tile, type TileGroup } from "./tiles.ts";

/** One map of small multiples. */
export interface Multiple extends MapOptions {
  /** A line below it. */
  readonly note?: string | undefined;
}

/** A row of small multiples: a technique, a layer, an image. */
export interface MultiplesRow {
  readonly label: string;
  /** The image below this row's maps. Default: the figure's. */
  readonly image?: Pixels | undefined;
  /** One map a column; in place of one that cannot be, the words that say why. */
  readonly cells: readonly (Multiple | string)[];
}

export interface MultiplesOptions {
  /** The image as the network saw it: as large as its input. */
  readonly image: Pixels;
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Headings of the columns: classes, layers. One empty heading where there is one column. */
  readonly columns: readonly string[];
  readonly rows: readonly MultiplesRow[];
  /**
   * Maps that share the ends of their colours: none ("own", the default), those of a "row", those of a "column", or "all".
   * Only maps of one kind share: what is signed has its own scale beside what is not.
   */
  readonly scale?: "own" | "row" | "column" | "all" | undefined;
  /** The picture of a map: over the image (the default), or alone. */
  readonly show?: "overlay" | "map" | undefined;
  /** True where the image comes first. Default true. */
  readonly original?: boolean | undefined;
  /** True where rows stand side by side as groups, as on a contact sheet, and not below one another. Default false. */
  readonly wrap?: boolean | undefined;
  /** A table of numbers beneath. */
  readonly table?: FigureTable | undefined;
  /** Lines beneath the pictures. */
  readonly notes?: readonly string[] | undefined;
}

const MULTIPLES: Fields<MultiplesOptions> = {
  ...{ image: "must", title: "must", columns: "must", rows: "must", subtitle: "may" },
  ...{ scale: ["own", "row", "column", "all"], show: ["overlay", "map"] },
  ...{ original: [true, false], wrap: [true, false], table: "may", notes: "may" },
};

const TILE = 208;
/** Width that a contact sheet aims at. */
const SHEET = 1560;

/**
 * Draws many maps beside one another, as pixels: {@link composeMultiples}, rasterised.
 * @throws InputError as {@link composeMultiples} and {@link rasterize} do.
 */
export async function renderMultiples(
  options: MultiplesOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeMultiples(options), picture);
}

/**
 * Composes many maps of one image, or of several, beside one another: over classes, techniques, layers. Each map has a colour
 * bar and says what was clipped; a shared scale is stated.
 * @throws InputError when there is nothing to draw, a row has another number of maps than there are columns, or a map
 * does not fit.
 */
export function composeMultiples(options: MultiplesOptions): Figure {
  assertFields("small multiples", options, MULTIPLES);
  const { image, columns, rows, scale = "own", original = true, wrap = false } = options;
  const { title, subtitle, table, notes = [] } = options;
  for (const { label, cells } of rows) {
    if (cells.length === columns.length && cells.length > 0) continue;
    throw new InputError(
      `small multiples: expected ${columns.length > 0 ? `${columns.length} maps` : "at least one map"} in row "${label}", got ${cells.length}`,
    );
  }
  if (rows.length === 0) throw new InputError("small multiples: expected at least one row, got none");
  const drawn = onScales(
    rows.map(({ cells }) => cells.map((cell) => (typeof cell === "string" ? undefined : drawnCell(cell)))),
    scale,
  );
  const used = new Set(drawn.flat().flatMap((map) => (map ? [map.colors] : [])));
  const caveats = [...used].flatMap(caveatOf);
  const shown = shownSize(image.width, image.height, TILE);
  const picture = picturePixels(image, shown);
  const first: Tile = { picture, caption: [`image, ${image.height}×${image.width}`] };
  const groups = rows.map((row, r): TileGroup => {
    const below = row.image ?? image;
    const under = row.image ? picturePixels(row.image, shown) : picture;
    const tiles = row.cells.map((cell, c): Tile => {
      const heading = columns[c] ?? "";
      const label = (wrap || r === 0) && heading !== "" ? heading : undefined;
      const map = drawn[r]?.[c];
      if (typeof cell === "string" || !map) return { label, caption: [String(cell)] };
      assertFits(cell, below);
      const { show = "overlay" } = options;
      const signal = show === "overlay" && isSignal(cell.kind);
      const painted = signal
        ? signalPixels(cell, map.max, shown)
        : show === "map"
          ? mapPixels(map, shown)
          : overlayPixels(map, under, shown);
      const unit = signal ? "signal; grey is zero" : map.unit;
      const words = [...wrapText(unit, TEXT, shown.width, 2), map.brief];
      const caption = [...words, ...(cell.note === undefined ? [] : [cell.note])];
      return { label, picture: painted, bar: signal ? greyBar(map.max) : barOf(map), caption };
    });
    const own = original && row.image ? [{ picture: under, caption: [] }] : [];
    return { heading: row.label, tiles: [...own, ...tiles] };
  });
  const separate = original && rows.every((row) => row.image === undefined);
  const start: TileGroup[] = separate ? [{ heading: wrap ? "Image" : "", tiles: [first] }] : [];
  const lines = wrap ? wrapped([...start, ...groups], shown.width) : groups.map((group) => [group]);
  if (!wrap && separate) {
    for (const [r, line] of lines.entries()) {
      const [group] = line;
      const blank: Tile = { caption: [] };
      if (group && columns.length > 0)
        lines[r] = [{ ...group, tiles: [r === 0 ? first : blank, ...group.tiles] }];
    }
  }
  return layOutTiles({
    title,
    subtitle,
    ...{ width: shown.width, height: shown.height, lines, beside: !wrap },
    notes: [...notes, ...(scale === "own" ? [] : [SHARED[scale]]), ...caveats],
    table,
  });
}

const SHARED = {
  row: "One colour scale for the maps of a row.",
  column: "One colour scale for the maps of a column.",
  all: "One colour scale for all maps.",
} as const;

/** Groups in lines about as wide as a sheet, as even as they come. */
function wrapped(groups: readonly TileGroup[], width: number): TileGroup[][] {
  const most = Math.max(...groups.map(({ tiles }) => tiles.length)) * (width + 12) + 18;
  const fit = Math.max(1, Math.floor(SHEET / most));
  const even = Math.ceil(groups.length / Math.ceil(groups.length / fit));
  return Array.from({ length: Math.ceil(groups.length / even) }, (_, line) =>
    groups.slice(line * even, (line + 1) * even),
  );
}

const drawnCell = ({ note, ...map }: Multiple): DrawnMap => drawnMap(map);

type DrawnMaps = readonly (readonly (DrawnMap | undefined)[])[];

/** Gives maps that share a scale the widest of their ends. */
function onScales(drawn: DrawnMaps, scale: NonNullable<MultiplesOptions["scale"]>): DrawnMaps {
  if (scale === "own") return drawn;
  const ends = new Map<string, [number, number]>();
  const key = (map: DrawnMap, row: number, column: number) =>
    `${scale === "row" ? row : scale === "column" ? column : ""} ${map.signed}`;
  for (const [r, row] of drawn.entries()) {
    for (const [c, map] of row.entries()) {
      if (!map) continue;
      const [min, max] = ends.get(key(map, r, c)) ?? [map.min, map.max];
      const zero = extremes(map.values).every((value) => value === 0);
      // A map of zeros has no scale to share.
      if (!zero) ends.set(key(map, r, c), [Math.min(min, map.min), Math.max(max, map.max)]);
    }
  }
  return drawn.map((row, r) =>
    row.map((map, c) => {
      const shared = map && ends.get(key(map, r, c));
      return map && shared ? rescaled(map, ...shared) : map;
    }),
  );
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { enlargePixels } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Figure } from "./drawing.ts";
import { picturePixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles, type TileGroup } from "./tiles.ts";

/** A patch of a picture. */
export interface DrawnPatch {
  readonly pixels: Pixels;
  /** A short line below: its value, its label. */
  readonly caption?: string | undefined;
}

/** The patches of a unit. */
export interface UnitPatches {
  readonly name: string;
  /** Best first; where there are none, the name says so. */
  readonly patches: readonly DrawnPatch[];
}

export interface PatchFigureOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly units: readonly UnitPatches[];
  /** Lines beneath. */
  readonly notes?: readonly string[] | undefined;
}

const PATCHES: Fields<PatchFigureOptions> = { title: "must", subtitle: "may", units: "must", notes: "may" };

/** Units up to which each has a line with captions; above, units stand side by side, without. */
const FEW = 24;

/** Draws patches of units, as pixels: {@link composePatches}, rasterised. @throws InputError as it does. */
export async function renderPatches(
  options: PatchFigureOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composePatches(options), picture);
}

/**
 * Composes the patches that units are strongest for, an SVG document: of few units each has a line, of many three stand side by side.
 * Small patches are shown at a whole multiple with their pixels as squares.
 * @throws InputError when there is no unit.
 */
export function composePatches(options: PatchFigureOptions): Figure {
  assertFields("figure of patches", options, PATCHES);
  const { title, subtitle, units, notes } = options;
  if (units.length === 0) throw new InputError("figure of patches: expected at least one unit, got none");
  const few = units.length <= FEW;
  const side = few ? 84 : 44;
  const most = Math.max(1, ...units.map(({ patches }) => patches.length));
  const groups = units.map(({ name, patches }): TileGroup => {
    const tiles = patches.map(({ pixels, caption }) => ({
      picture: picturePixels(pixels, shownIn(pixels, side)),
      caption: few && caption !== undefined ? [caption] : [],
    }));
    // Lines are as long as the longest, so that units stand beneath one another.
    const none = Array.from({ length: most - tiles.length }, () => ({ caption: [] }));
    return { heading: patches.length > 0 ? name : `${name}: none`, tiles: [...tiles, ...none] };
  });
  const across = few ? 1 : 3;
  const lines = Array.from({ length: Math.ceil(groups.length / across) }, (_, i) =>
    groups.slice(i * across, (i + 1) * across),
  );
  return layOutTiles({ ...{ title, subtitle, lines, notes }, width: side, height: side, beside: few });
}

/** As large as it fits, small ones at a whole multiple. */
function shownIn({ width, height }: Pixels, side: number): Parameters<typeof enlargePixels>[1] {
  const longest = Math.max(width, height);
  const squares = 2 * longest <= side;
  const factor = squares ? Math.floor(side / longest) : side / longest;
  const scaled = (length: number): number => Math.max(1, Math.round(length * factor));
  return { width: scaled(width), height: scaled(height), squares };
}

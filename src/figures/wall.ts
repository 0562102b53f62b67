import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Figure } from "./drawing.ts";
import { picturePixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles } from "./tiles.ts";

/** One picture of a wall. */
export interface WallPicture {
  /** A short line below: the number of its channel. */
  readonly label: string;
  /** Absent where nothing was found, such as for a dead unit: the place stays empty. */
  readonly picture?: Pixels | undefined;
}

export interface WallOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Pictures of one size, in order. */
  readonly pictures: readonly WallPicture[];
  /** Lines beneath. */
  readonly notes?: readonly string[] | undefined;
}

const WALL: Fields<WallOptions> = {
  ...{ title: "must", subtitle: "may", pictures: "must", notes: "may" },
};

/** Side of a picture, the smaller the more there are. */
const SIDES = [
  { upTo: 64, side: 96 },
  { upTo: 256, side: 72 },
  { upTo: Number.POSITIVE_INFINITY, side: 56 },
] as const;

/**
 * Draws a wall of pictures, as pixels: {@link composeWall}, rasterised.
 * @throws InputError as {@link composeWall} and {@link rasterize} do.
 */
export async function renderWall(options: WallOptions, picture?: RasterizeOptions): Promise<Pixels> {
  return rasterize(composeWall(options), picture);
}

/**
 * Composes a wall of small pictures, an SVG document: those of all channels of a layer, say, each with its number. Places without a
 * picture are said beneath.
 * @throws InputError when there is nothing to draw, or the pictures differ in size.
 */
export function composeWall(options: WallOptions): Figure {
  assertFields("wall", options, WALL);
  const { title, subtitle, pictures, notes = [] } = options;
  if (pictures.length === 0) throw new InputError("wall: expected at least one picture, got none");
  const about = SIDES.find(({ upTo }) => pictures.length <= upTo)?.side ?? SIDES[0].side;
  const { width, height } = pictures.find(({ picture }) => picture)?.picture ?? {
    width: about,
    height: about,
  };
  const shown = shownSize(width, height, about);
  const tiles = pictures.map(({ picture, label }) => {
    if (picture && (picture.width !== width || picture.height !== height)) {
      throw new InputError(
        `wall: expected pictures of ${height}×${width}, got ${picture.height}×${picture.width}`,
      );
    }
    return { picture: picture && picturePixels(picture, shown), caption: [label] };
  });
  const empty = pictures.filter(({ picture }) => picture === undefined).map(({ label }) => label);
  const columns = Math.ceil(Math.sqrt(pictures.length * 1.6 * (height / width)));
  const lines = Array.from({ length: Math.ceil(tiles.length / columns) }, (_, line) => [
    { tiles: tiles.slice(line * columns, (line + 1) * columns) },
  ]);
  return layOutTiles({
    ...{ title, subtitle, width: shown.width, height: shown.height, lines },
    notes: [...notes, ...(empty.length > 0 ? [`Nothing to show for ${empty.join(", ")}.`] : [])],
  });
}

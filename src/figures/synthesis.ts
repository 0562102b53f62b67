import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { drawCurve } from "./curve.ts";
import type { Figure } from "./drawing.ts";
import { TEXT } from "./layout.ts";
import { wrapText } from "./lettering.ts";
import { picturePixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles, type Tile, type TileGroup } from "./tiles.ts";

/** A synthetic picture, as a sheet shows it. All pictures have one size. */
export interface DrawnSynthesis {
  /** A line above: what it was made for. */
  readonly label: string;
  /** Absent where nothing was found, such as for a dead unit: then the caption stands in its place. */
  readonly picture?: Pixels | undefined;
  /** Lines below: what is known of it. */
  readonly caption: readonly string[];
  /** The objective step by step. */
  readonly curve?: ArrayLike<number> | undefined;
  /** Natural pictures beside it, each with a line below; of any size. */
  readonly naturals?: readonly { readonly picture: Pixels; readonly text: string }[] | undefined;
}

export interface SynthesisSheetOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly pictures: readonly DrawnSynthesis[];
  /** Lines beneath. */
  readonly notes?: readonly string[] | undefined;
}

const SYNTHESIS_SHEET: Fields<SynthesisSheetOptions> = {
  ...{ title: "must", subtitle: "may", pictures: "must", notes: "may" },
};

const WHO = "sheet of synthetic pictures";
const SIDE = 192;
/** Width that a sheet of several pictures a line aims at. */
const WIDE = 1100;

/**
 * Draws synthetic pictures with what is known of them, as pixels: {@link composeSynthesis}, rasterised.
 * @throws InputError as {@link composeSynthesis} and {@link rasterize} do.
 */
export async function renderSynthesis(
  options: SynthesisSheetOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeSynthesis(options), picture);
}

/**
 * Composes a sheet of synthetic pictures, an SVG document: each with its caption, the curve of its objective, and natural pictures
 * beside it, where they are given.
 * @throws InputError when there is nothing to draw, the pictures differ in size, or a curve is not finite.
 */
export function composeSynthesis(options: SynthesisSheetOptions): Figure {
  assertFields(WHO, options, SYNTHESIS_SHEET);
  const { title, subtitle, pictures, notes } = options;
  if (pictures.length === 0) throw new InputError(`${WHO}: expected at least one picture, got none`);
  const { width, height } = pictures.find(({ picture }) => picture)?.picture ?? { width: SIDE, height: SIDE };
  const shown = shownSize(width, height, SIDE);
  const groups = pictures.map(({ label, picture, caption, curve, naturals = [] }): TileGroup => {
    if (picture && (picture.width !== width || picture.height !== height)) {
      throw new InputError(
        `${WHO}: expected pictures of ${height}×${width}, got ${picture.height}×${picture.width}`,
      );
    }
    const words = caption.flatMap((line) => wrapText(line, TEXT, shown.width, 3));
    const own: Tile = {
      picture: picture && picturePixels(picture, shown),
      caption: picture ? words : caption,
    };
    return {
      heading: label,
      tiles: [
        own,
        ...(curve === undefined ? [] : [curveTile(curve, [shown.width, shown.height])]),
        ...naturals.map(({ picture: natural, text }): Tile => {
          const size = shownSize(natural.width, natural.height, SIDE);
          const scale = Math.min(1, shown.width / size.width, shown.height / size.height);
          const fitted = {
            width: Math.max(1, Math.round(size.width * scale)),
            height: Math.max(1, Math.round(size.height * scale)),
            squares: size.squares && scale === 1,
          };
          return { picture: picturePixels(natural, fitted), caption: [text] };
        }),
      ],
    };
  });
  const widest = Math.max(...groups.map(({ tiles }) => tiles.length)) * (shown.width + 12) + 18;
  const across = Math.max(1, Math.floor(WIDE / widest));
  const lines = Array.from({ length: Math.ceil(groups.length / across) }, (_, line) =>
    groups.slice(line * across, (line + 1) * across),
  );
  return layOutTiles({ title, subtitle, width: shown.width, height: shown.height, lines, notes });
}

function curveTile(curve: ArrayLike<number>, size: readonly [number, number]): Tile {
  const bad = Array.from(curve).find((value) => !Number.isFinite(value));
  if (curve.length === 0 || bad !== undefined) {
    throw new InputError(`${WHO}: expected a curve of finite values, got ${bad ?? "none"}`);
  }
  return {
    picture: drawCurve(curve, size),
    caption: [`objective over ${curve.length} ${curve.length === 1 ? "point" : "points"}`],
  };
}

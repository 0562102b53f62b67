import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { enlargePixels, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Figure } from "./drawing.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import type { FigureTable } from "./table.ts";
import { layOutTiles, type TileGroup } from "./tiles.ts";

/** An attack on a picture, as a sheet shows it. All pictures have one size. */
export interface DrawnAttack {
  readonly original: Pixels;
  readonly picture: Pixels;
  /** Their difference, ten times as strong. */
  readonly difference: Pixels;
  /** A line above: whose picture it is. */
  readonly label?: string | undefined;
  /** Lines below the three pictures. */
  readonly captions: readonly [
    original: readonly string[],
    picture: readonly string[],
    difference: readonly string[],
  ];
}

export interface AttackSheetOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly attacks: readonly DrawnAttack[];
  /** A table beneath: what defences restore. */
  readonly table?: FigureTable | undefined;
}

const ATTACK_SHEET: Fields<AttackSheetOptions> = {
  ...{ title: "must", subtitle: "may", attacks: "must", table: "may" },
};

const SIDE = 192;
/** Attacks beside one another, where there are many. */
const ACROSS = 2;

/**
 * Draws attacks, as pixels: {@link composeAttacks}, rasterised.
 * @throws InputError as {@link composeAttacks} and {@link rasterize} do.
 */
export async function renderAttacks(
  options: AttackSheetOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeAttacks(options), picture);
}

/**
 * Composes a sheet of attacks, an SVG document: of each the picture, the picture that was found, and their difference; with a table
 * beneath, if there is one.
 * @throws InputError when there is nothing to draw, or the pictures differ in size.
 */
export function composeAttacks(options: AttackSheetOptions): Figure {
  assertFields("sheet of attacks", options, ATTACK_SHEET);
  const { title, subtitle, attacks, table } = options;
  const [first] = attacks;
  if (!first) throw new InputError("sheet of attacks: expected at least one, got none");
  const { width, height } = first.original;
  const shown = shownSize(width, height, SIDE);
  const groups = attacks.map(({ original, picture, difference, label, captions }): TileGroup => {
    for (const one of [original, picture, difference]) {
      if (one.width === width && one.height === height) continue;
      throw new InputError(
        `sheet of attacks: expected pictures of ${height}×${width}, got ${one.height}×${one.width}`,
      );
    }
    const tiles = [original, picture, difference].map((one, i) => ({
      picture: { ...enlargePixels(one, shown), squares: shown.squares },
      caption: captions[i] ?? [],
    }));
    return { heading: label, tiles };
  });
  const across = groups.length > ACROSS ? ACROSS : 1;
  const lines = Array.from({ length: Math.ceil(groups.length / across) }, (_, line) =>
    groups.slice(line * across, (line + 1) * across),
  );
  return layOutTiles({ title, subtitle, width: shown.width, height: shown.height, lines, table });
}

import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { enlargePixels } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";

export interface ThumbnailOptions {
  /** The longer side in pixels. A picture of half of it or less is shown at a whole multiple, its pixels as squares. */
  readonly side: number;
  /** Numbers of the pictures that are wanted. Default: all. */
  readonly pictures?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FIELDS: Fields<ThumbnailOptions> = { side: "must", pictures: "may", signal: "may" };

/** Small versions of a source's pictures by number, in one pass. @throws InputError when one that is wanted is not there. */
export async function thumbnailsOf(source: Source, options: ThumbnailOptions): Promise<Map<number, Pixels>> {
  assertFields("thumbnails", options, FIELDS);
  const { side, pictures, signal } = options;
  const wanted = pictures && new Set(pictures);
  const made = new Map<number, Pixels>();
  if (wanted?.size === 0) return made;
  for await (const { index, pixels } of source.read({ signal, onBroken: () => {} })) {
    if (wanted && !wanted.has(index)) continue;
    const longest = Math.max(pixels.width, pixels.height);
    const squares = 2 * longest <= side;
    const factor = squares ? Math.floor(side / longest) : side / longest;
    const scaled = (length: number): number => Math.max(1, Math.round(length * factor));
    made.set(
      index,
      enlargePixels(pixels, { width: scaled(pixels.width), height: scaled(pixels.height), squares }),
    );
    if (wanted && made.size === wanted.size) break;
  }
  const missing = pictures?.find((index) => !made.has(index));
  if (missing === undefined) return made;
  throw new InputError(
    `thumbnails: expected picture ${missing} in ${source.name}, got none that can be read`,
  );
}

import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { readPicture } from "../images/picture.ts";
import type { Pixels } from "../images/pixels.ts";

/**
 * Decodes the bytes of a picture's file. Browsers do it by themselves; in Node `decodeImage` of vitrine/node is one.
 * @param name names the picture in errors.
 */
export type Decode = (bytes: Uint8Array<ArrayBuffer>, name: string) => Promise<Pixels>;

/** Decodes a picture as browsers do, beside the page's own work. @throws UnsupportedError where there is no decoder. */
export const decodeInPage: Decode = async (bytes, name) => {
  if (typeof createImageBitmap !== "function") {
    throw new UnsupportedError(
      "pictures: expected a decoder, got none; in Node give { decode: decodeImage } of vitrine/node",
    );
  }
  return readPicture(new File([bytes], name));
};

/** The longest file that is read for one picture. */
const MOST_BYTES = 2 ** 30;

/** @throws InputError when a picture's file is longer than any picture. */
export function assertLength(size: number, name: string): void {
  if (size <= MOST_BYTES) return;
  throw new InputError(`picture "${name}": expected at most ${MOST_BYTES} bytes, got ${size}`);
}

import { InputError } from "../gpu/errors.ts";
import { decodeNpy, type NpyArray } from "../node/npy.ts";
import { arrayNamed, arraysOf } from "../node/npz.ts";
import { readRegular } from "../node/read.ts";
import { STDIN } from "./image-names.ts";

/** An array of a file. */
export interface NamedArray {
  readonly name: string;
  readonly array: NpyArray;
}

/** The content of an image file: a picture's bytes, or arrays. */
export type Source = { readonly bytes: Uint8Array } | { readonly arrays: readonly NamedArray[] };

/** More than any picture or array that fits a network; standard input has no size to ask for. */
const MOST_BYTES = 2 ** 30;

/**
 * Reads a file, or standard input ("-"); "arrays.npz" is every array in it, "arrays.npz:x" the one called x. What a file is,
 * its first bytes say.
 * @throws InputError when it cannot be read, or holds a damaged array.
 */
export async function readSource(name: string): Promise<Source> {
  const { file, member } = arrayNamed(name);
  if (/^https?:/i.test(file)) {
    throw new InputError(
      `image "${name}": expected a file, got an address; fetch it first, or pipe it in and say -`,
    );
  }
  const bytes = file === STDIN ? await standardInput() : await readRegular(file, `image "${name}"`);
  const begins = (magic: string): boolean =>
    [...magic].every((letter, i) => bytes[i] === letter.charCodeAt(0));
  if (begins("\x93NUMPY")) return { arrays: [{ name, array: decodeNpy(bytes, name) }] };
  if (begins("PK\x03\x04")) {
    const arrays = arraysOf(bytes, file, member);
    return { arrays: arrays.map((own) => ({ name: `${file}:${own.name}`, array: own.array })) };
  }
  // Whatever else a name promises, the reader of arrays says what is wrong with it.
  if (/\.np[yz]$/i.test(file)) return { arrays: [{ name, array: decodeNpy(bytes, name) }] };
  return { bytes };
}

let read: Promise<Uint8Array> | undefined;

/** All of standard input, which can be read once. */
function standardInput(): Promise<Uint8Array> {
  read ??= (async () => {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of process.stdin) {
      parts.push(part);
      size += part.length;
      if (size > MOST_BYTES)
        throw new InputError(`image "-": expected at most ${MOST_BYTES} bytes, got more`);
    }
    return Buffer.concat(parts);
  })();
  return read;
}

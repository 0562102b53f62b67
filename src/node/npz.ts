import { unzipSync } from "fflate";
import { InputError } from "../gpu/errors.ts";
import { someOf } from "../models/files.ts";
import { decodeNpy, type NpyArray } from "./npy.ts";

/** The most that the arrays of a file may take unpacked. */
const MOST_BYTES = 2 ** 28;

/**
 * The arrays of a NumPy archive (.npz), in the order in which they were saved.
 * @param only the one array that is wanted; default: all.
 * @throws InputError when the archive is damaged, takes too much room, or has no array (of that name).
 */
export function arraysOf(
  bytes: Uint8Array,
  name: string,
  only?: string,
): { readonly name: string; readonly array: NpyArray }[] {
  const who = `npz "${name}"`;
  const known: string[] = [];
  let size = 0;
  let files: [string, Uint8Array][];
  try {
    const found = unzipSync(bytes, {
      filter(file) {
        if (!file.name.endsWith(".npy")) return false;
        const own = file.name.slice(0, -".npy".length);
        known.push(own);
        if (only !== undefined && own !== only) return false;
        size += file.originalSize;
        if (size > MOST_BYTES) throw new Error(`${size} bytes or more unpacked, more than ${MOST_BYTES}`);
        return true;
      },
    });
    files = Object.entries(found);
  } catch (error) {
    throw new InputError(`${who}: expected arrays that NumPy saved, got ${(error as Error).message}`);
  }
  if (files.length === 0) {
    const wanted = only === undefined ? "arrays in it" : `an array "${only}"`;
    throw new InputError(`${who}: expected ${wanted}, got ${someOf(known, "none")}`);
  }
  return files.map(([file, data]) => {
    const own = file.slice(0, -".npy".length);
    return { name: own, array: decodeNpy(data, `${name}:${own}`) };
  });
}

/** "arrays.npz:x" is array x of a file; every other name is a file's. */
export function arrayNamed(name: string): { readonly file: string; readonly member?: string } {
  const [, file, member] = /^(.*\.npz):(.+)$/i.exec(name) ?? [];
  return file === undefined || member === undefined ? { file: name } : { file, member };
}

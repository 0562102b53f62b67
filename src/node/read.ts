import type { Stats } from "node:fs";
import { constants, open } from "node:fs/promises";
import { InputError } from "../gpu/errors.ts";

/** More than any picture, array or list of names that fits a network. */
const MOST_BYTES = 2 ** 30;

/** Opening a pipe for reading would wait for a writer. */
export const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * All bytes of a regular file. What is none is refused: a pipe may never bring anything, a device never ends.
 * @param who who speaks in the error: `image "cat.png"`.
 * @throws InputError when there is no such file, or it is longer than `most`.
 */
export async function readRegular(path: string, who: string, most = MOST_BYTES): Promise<Buffer> {
  try {
    const file = await open(path, WITHOUT_WAITING);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Error(kindOf(stats));
      if (stats.size > most) throw new Error(`${stats.size} bytes, more than ${most}`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new InputError(`${who}: expected to read it, got ${(error as Error).message}`);
  }
}

/** Names the kind of something that is not a regular file. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  return stats.isFIFO() ? "a pipe" : "a device";
}

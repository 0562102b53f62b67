import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { inNaturalOrder } from "../dataset/natural-order.ts";
import { InputError } from "../gpu/errors.ts";

/** A run of numbers in a name, as shards of archives are written: {000..009}. */
const RUN = /\{(\d+)\.\.(\d+)\}/;

/** More files than any data set is cut into. */
const MOST_FILES = 1_000_000;

/**
 * The files that a name means: itself, those of a pattern ("shots/*.jpg", "**\/*.png") in natural order, or those of a run of
 * numbers ("train-{000..009}.tar").
 * @throws InputError for a pattern that nothing matches, and for a run with a file missing.
 */
export async function filesNamed(name: string, who: string): Promise<string[]> {
  const isThere = async (path: string): Promise<boolean> =>
    (await stat(path).catch(() => undefined)) !== undefined;
  if (await isThere(name)) return [name];
  if (RUN.test(name)) {
    const names = numbered(name, who);
    for (const one of names) {
      if (!isDynamicPattern(one) && !(await isThere(one))) {
        throw new InputError(`${who}: expected ${names.length} files, got none of the name "${one}"`);
      }
    }
    return (await Promise.all(names.map((one) => filesNamed(one, who)))).flat();
  }
  if (!isDynamicPattern(name)) return [name];
  const matches = await glob(name, { expandDirectories: false, absolute: isAbsolute(name) });
  if (matches.length === 0) throw new InputError(`${who}: expected files of that pattern, got none`);
  return inNaturalOrder(matches);
}

/** Names with every number of each run, padded with zeros as its ends are. */
function numbered(name: string, who: string): string[] {
  const [run, from = "", to = ""] = RUN.exec(name) ?? [];
  if (run === undefined) return [name];
  const count = Number(to) - Number(from) + 1;
  if (!(count >= 1 && count <= MOST_FILES)) {
    throw new InputError(`${who}: expected a run {from..to} of 1 to ${MOST_FILES} files, got ${run}`);
  }
  return Array.from({ length: count }, (_, i) =>
    numbered(name.replace(run, String(Number(from) + i).padStart(from.length, "0")), who),
  ).flat();
}

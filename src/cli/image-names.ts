import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { inNaturalOrder } from "../dataset/natural-order.ts";
import { InputError } from "../gpu/errors.ts";
import { filesNamed } from "../node/file-names.ts";
import type { Values } from "./values.ts";

const SYNTHETIC = "synthetic:";

/** Standard input, as an image's name. */
export const STDIN = "-";

/** Files that are taken for pictures where a folder is named. */
const PICTURES = /\.(png|jpe?g|webp|tiff?|gif|avif|npy|npz)$/i;

/** The images that a command line names, those without --image first. */
export function namesOf(values: Values, more: readonly string[]): readonly string[] {
  return [...more, ...values.all("image")];
}

/** Tells whether a picture of the shipped data set is meant, "synthetic:3". */
export const isSynthetic = (name: string): boolean => name.startsWith(SYNTHETIC);

/** The number of a picture of the shipped data set, as it was written. */
export const syntheticNumber = (name: string): string => name.slice(SYNTHETIC.length);

/** Tells whether a file holds an array, as far as its name says. */
export const isArray = (name: string): boolean => name === STDIN || /\.(npy|npz)(:.*)?$/i.test(name);

/**
 * Images as they were named, with folders and patterns ("shots/*.jpg", "**\/*.png") as the files that they mean, in order.
 * @throws InputError for a folder without pictures, or a pattern that nothing matches.
 */
export async function expandNames(names: readonly string[]): Promise<string[]> {
  const all = [];
  for (const name of names) all.push(...(await filesOf(name)));
  return all;
}

async function filesOf(name: string): Promise<string[]> {
  if (name === STDIN || isSynthetic(name)) return [name];
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) {
    const files = (await readdir(name, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && PICTURES.test(entry.name) && !entry.name.startsWith("."))
      .map((entry) => join(name, entry.name));
    if (files.length > 0) return inNaturalOrder(files);
    throw new InputError(
      `folder "${name}": expected pictures in it, got none; '${join(name, "**", "*.jpg")}' finds those of folders within`,
    );
  }
  return filesNamed(name, `images "${name}"`);
}

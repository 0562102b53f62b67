import { InputError } from "../gpu/errors.ts";
import { readRegular } from "../node/read.ts";

/** Larger than any list of names: ImageNet-21k has 2 MB of them. */
const MOST_BYTES = 2 ** 26;

/** Reads the names of the classes from a file; see {@link labelsIn}. @throws InputError when there is none. */
export async function readLabels(path: string): Promise<string[]> {
  return labelsIn(await readText(path), path);
}

/**
 * The names of the classes: text with one name a line; or JSON: an array of names, Keras's imagenet_class_index.json
 * ({"0": ["n01440764", "tench"], …}, or with plain names), or Teachable Machine's metadata.json ({"labels": […]}).
 * @throws InputError for a file that is none of these.
 */
export function labelsIn(text: string, path: string): string[] {
  if (!/^\s*[[{]/.test(text)) {
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InputError(`labels "${path}": expected JSON, got ${(error as Error).message}`);
  }
  const names = namesIn(parsed);
  if (names) return names;
  throw new InputError(
    `labels "${path}": expected a JSON array of names, {"0": ["n01440764", "tench"], …} with every number from 0 on, or {"labels": […]}; or text with one name a line`,
  );
}

async function readText(path: string): Promise<string> {
  const text = (await readRegular(path, `labels "${path}"`, MOST_BYTES)).toString("utf8");
  return text.replace(/^\uFEFF/, "");
}

function namesIn(parsed: unknown): string[] | undefined {
  if (Array.isArray(parsed)) return parsed.every((name) => typeof name === "string") ? parsed : undefined;
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const entries = new Map<string, unknown>(Object.entries(parsed));
  const listed = entries.get("labels");
  if (Array.isArray(listed)) return namesIn(listed);
  const names = Array.from({ length: entries.size }, (_, i) => nameOf(entries.get(String(i))));
  return names.length > 0 && names.every((name) => name !== undefined) ? names : undefined;
}

/** A class's name; of [synset, name] the second. */
function nameOf(entry: unknown): string | undefined {
  const name = Array.isArray(entry) && entry.length === 2 ? entry[1] : entry;
  return typeof name === "string" ? name : undefined;
}

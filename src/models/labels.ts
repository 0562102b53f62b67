import { InputError } from "../gpu/errors.ts";
import { baseName, type ModelFiles } from "./files.ts";

/** Larger than any list of names: ImageNet-21k has 2 MB of them. */
const MOST_BYTES = 2 ** 26;

/** Files, at most, that are looked into for names of classes. */
const MOST_FILES = 16;

/**
 * The names of the classes, from a file's text: one name a line; or JSON: an array of names, Keras's imagenet_class_index.json
 * ({"0": ["n01440764", "tench"], …}, or with plain names), Teachable Machine's metadata.json ({"labels": […]}), or Hugging
 * Face's config.json ({"id2label": {"0": "tench", …}}). Lines that all begin with their number, as Teachable Machine's do,
 * are names without it.
 * @throws InputError for a file that is none of these.
 */
export function labelsIn(text: string, path: string): string[] {
  const plain = text.replace(/^\uFEFF/, "");
  if (!/^\s*[[{]/.test(plain)) return linesOf(plain);
  let parsed: unknown;
  try {
    parsed = JSON.parse(plain);
  } catch (error) {
    throw new InputError(`labels "${path}": expected JSON, got ${(error as Error).message}`);
  }
  const names = namesIn(parsed);
  if (names) return names;
  throw new InputError(
    `labels "${path}": expected a JSON array of names, {"0": ["n01440764", "tench"], …} with every number from 0 on, {"labels": […]} or {"id2label": {…}}; or text with one name a line`,
  );
}

function linesOf(text: string): string[] {
  const all = text.split(/\r?\n/).map((line) => line.trim());
  const lines = all.at(-1) === "" ? all.slice(0, -1) : all;
  const numbered = lines.length > 1 && lines.every((line, i) => line.startsWith(`${i} `));
  return numbered ? lines.map((line) => line.slice(line.indexOf(" ") + 1).trim()) : lines;
}

/** The names of the classes in a value of JSON, in any of the forms that {@link labelsIn} takes. */
export function namesIn(parsed: unknown): string[] | undefined {
  if (Array.isArray(parsed)) return parsed.every((name) => typeof name === "string") ? parsed : undefined;
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const entries = new Map<string, unknown>(Object.entries(parsed));
  for (const key of ["labels", "id2label"]) {
    const listed = entries.get(key);
    if (typeof listed === "object" && listed !== null) return namesIn(listed);
  }
  const names = Array.from({ length: entries.size }, (_, i) => nameOf(entries.get(String(i))));
  return names.length > 0 && names.every((name) => name !== undefined) ? names : undefined;
}

/** A class's name; of [synset, name] the second. */
function nameOf(entry: unknown): string | undefined {
  const name = Array.isArray(entry) && entry.length === 2 ? entry[1] : entry;
  return typeof name === "string" ? name : undefined;
}

/** Keys under which exporters of ONNX write names of classes. */
const METADATA_KEYS = ["names", "labels", "classes", "class_names", "id2label"];

/**
 * Names of classes in a file's metadata, which are texts by key: JSON in any of the forms that {@link labelsIn} takes, a list or
 * dictionary as Python prints it ({0: 'person', 1: 'bicycle'}), or names between commas or lines.
 */
export function labelsInMetadata(metadata: ReadonlyMap<string, string>): FoundLabels | undefined {
  for (const key of METADATA_KEYS) {
    const names = namesInText(metadata.get(key)?.trim() ?? "");
    if (names && names.length > 0) return { names, from: `its metadata (${key})` };
  }
  return undefined;
}

function namesInText(text: string): string[] | undefined {
  if (!/^[[{(]/.test(text)) return text === "" ? undefined : text.split(/\s*[,\n]\s*/);
  try {
    return namesIn(JSON.parse(text));
  } catch {
    return pythonNames(text);
  }
}

/** Texts of a list, or of a dictionary whose keys count from 0, as Python prints them. */
function pythonNames(text: string): string[] | undefined {
  const entries = [
    ...text.matchAll(/(?:(\d+)\s*:\s*)?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?=[,\]})])/g),
  ];
  const names = entries.map(([, , single, double = ""]) => (single ?? double).replace(/\\(.)/g, "$1"));
  const keyed = entries.filter(([, key]) => key !== undefined);
  const inOrder = keyed.every(([, key], i) => Number(key) === i);
  return (keyed.length === 0 || keyed.length === names.length) && inOrder ? names : undefined;
}

/** Names of files that hold names of classes; of others only what JSON says under a key of its own counts. */
const NAMED = /label|class|categor|names|synset/i;

/** Names of classes, and the file where they were found. */
export interface FoundLabels {
  readonly names: readonly string[];
  readonly from: string;
}

/**
 * Names of classes in the files beside a model, from a source that lists them. Files whose names say so come first; a list or
 * lines of text count in these only.
 * @param fits whether the network has as many classes.
 */
export async function labelsBeside(
  files: ModelFiles,
  fits: (count: number) => boolean,
  signal?: AbortSignal,
): Promise<FoundLabels | undefined> {
  const paths = (await files.list?.()) ?? [];
  const candidates = paths
    .filter((path) => path !== baseName(files.manifest) && /^[^/\\]+\.(json|txt|names)$/i.test(path))
    .filter((path) => NAMED.test(path) || /\.json$/i.test(path))
    .sort((a, b) => Number(NAMED.test(b)) - Number(NAMED.test(a)) || (a < b ? -1 : 1));
  for (const from of candidates.slice(0, MOST_FILES)) {
    try {
      const text = new TextDecoder().decode(await files.read(from, { signal, most: MOST_BYTES }));
      const array = /^\s*\[/.test(text);
      const names = array && !NAMED.test(from) ? [] : labelsIn(text, from);
      if (names.length > 0 && fits(names.length)) return { names, from };
    } catch {
      // Another file that lies there, and says nothing of classes.
      signal?.throwIfAborted();
    }
  }
  return undefined;
}

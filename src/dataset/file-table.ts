import { InputError } from "../gpu/errors.ts";
import { inNaturalOrder } from "./natural-order.ts";
import { type FileLabels, PICTURES } from "./picture-files.ts";

/** A table of labels: rows of a file's name and its label, as the text of a CSV file. */
export interface LabelTable {
  /** What the table is called, for messages. */
  readonly name: string;
  readonly text: string;
}

/** Names of a column of files, and of labels, in a head row. */
const FILES = /^(file|filename|file_name|path|image|image_id|name|id)$/i;
const LABELS = /^(label|class|class_name|category|target)$/i;

/**
 * Labels of files by a table. A row may name a file by its path, by its name alone, or by its name without the extension, where
 * only one file can be meant. A picture that the table does not name has no label.
 * @throws InputError when the table names a file that is not there, or one twice with two labels.
 */
export function labelsOfTable(paths: readonly string[], { name, text }: LabelTable): FileLabels {
  const who = `labels "${name}"`;
  const find = finder(paths);
  const { rows, file, label } = columns(parseCsv(text, who), find, who);
  const labels = new Map<string, string>();
  const absent: string[] = [];
  for (const row of rows) {
    const [written = "", given = ""] = [row[file], row[label]];
    const path = find(written);
    if (path === undefined) absent.push(written);
    else if ((labels.get(path) ?? given) !== given) {
      throw new InputError(
        `${who}: expected one label of "${written}", got "${labels.get(path)}" and "${given}"`,
      );
    } else if (given !== "") labels.set(path, given);
  }
  if (absent.length > 0) {
    const more = absent.length > 3 ? ", …" : "";
    throw new InputError(
      `${who}: expected names of pictures in the data set, got ${absent.length} of ${rows.length} that are not there or are there twice: ${absent.slice(0, 3).join(", ")}${more}; take their rows out, or write paths within the data set`,
    );
  }
  return { labels: inNaturalOrder([...new Set(labels.values())]), labelOf: (path) => labels.get(path) };
}

/** Finds the path that a row means; undefined where there is none, or no saying which. */
export function finder(paths: readonly string[]): (written: string) => string | undefined {
  const known = new Set(paths);
  const byName = new Map<string, string | undefined>();
  const add = (name: string, path: string): void => {
    byName.set(name, byName.has(name) && byName.get(name) !== path ? undefined : path);
  };
  for (const path of paths) {
    const name = path.split("/").at(-1) ?? path;
    add(name, path);
    add(name.replace(PICTURES, ""), path);
  }
  return (written) => {
    const path = written.trim().replaceAll("\\", "/").replace(/^\.\//, "");
    return known.has(path) ? path : byName.get(path);
  };
}

/** The columns of files and labels, as a head row names them or the first two, and the rows below it. */
function columns(
  table: readonly (readonly string[])[],
  find: (written: string) => string | undefined,
  who: string,
) {
  const [head = [], ...below] = table;
  const named = (pattern: RegExp): number => head.findIndex((cell) => pattern.test(cell.trim()));
  const isHead = head.every((cell) => find(cell) === undefined && !PICTURES.test(cell.trim()));
  const file = isHead ? Math.max(0, named(FILES)) : 0;
  const other = file === 0 ? 1 : 0;
  const label = isHead && named(LABELS) >= 0 ? named(LABELS) : other;
  const rows = isHead ? below : table;
  const short = rows.findIndex((row) => row.length <= Math.max(file, label));
  if (rows.length === 0 || short >= 0) {
    const got = rows.length === 0 ? "none" : `"${rows[short]?.join(",")}"`;
    throw new InputError(`${who}: expected rows of a file's name and its label, got ${got}`);
  }
  return { rows, file, label };
}

/** The cells of a CSV file (RFC 4180), empty rows left out. @throws InputError for a quotation without an end. */
export function parseCsv(text: string, who: string): string[][] {
  const rows: string[][] = [[]];
  // A cell, quoted or not, and what ends it.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*)?)(,|\r?\n|\r|$)/y;
  const plain = text.replace(/^\uFEFF/, "");
  while (cell.lastIndex < plain.length) {
    const at = cell.lastIndex;
    const [, quoted, bare = "", end] = cell.exec(plain) ?? [];
    if (end === undefined) {
      throw new InputError(
        `${who}: expected cells with commas between, got ${plain.slice(at, at + 40)} in row ${rows.length}`,
      );
    }
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end !== "," && cell.lastIndex < plain.length) rows.push([]);
  }
  if (plain.endsWith(",")) rows.at(-1)?.push("");
  return rows.filter((row) => row.some((one) => one !== ""));
}

import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { type LabelTable, labelsOfTable } from "../dataset/file-table.ts";
import { inNaturalOrder } from "../dataset/natural-order.ts";
import {
  type FileLabels,
  isPicture,
  labelsOfFolders,
  NO_LABELS,
  type PictureFile,
  pictureFilesSource,
} from "../dataset/picture-files.ts";
import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { readImage } from "./image.ts";
import { readRegular } from "./read.ts";

/** How the labels of pictures in files are found. */
export interface FolderSourceOptions {
  /**
   * "folders" (default): the first folder within the data set that a picture lies in. "none". Or the path of a CSV file with rows of
   * a file's name and its label.
   */
  readonly labels?: "folders" | "none" | { readonly csv: string } | undefined;
}

const FOLDER: Fields<FolderSourceOptions> = { labels: "may" };

/** Largest table of labels: ten million rows. */
const MOST_TABLE = 2 ** 30;

/**
 * The pictures of a folder and of the folders within, in natural order of their paths (2 before 10). Hidden files are left out.
 * @throws InputError when the folder cannot be read or holds no picture, and for labels that do not match.
 */
export async function folderSource(path: string, options: FolderSourceOptions = {}): Promise<Source> {
  assertFields("folderSource", options, FOLDER);
  const paths = inNaturalOrder((await filesWithin(path)).filter(isPicture));
  if (paths.length === 0) {
    throw new InputError(
      `folder "${path}": expected pictures in it or in folders within, got none; archives (.tar, .parquet, .zip) are opened by their own names, such as "${join(path, "*.tar")}"`,
    );
  }
  return pictureFilesSource(
    path,
    paths.map((own) => fileAt(join(path, own), own)),
    await labelsOf(paths, options),
  );
}

/**
 * The pictures of a list of files, in the order of the list. Their ids are the paths from the folder that holds them all.
 * @throws InputError when the list is empty, or names a file twice; for labels that do not match.
 */
export async function filesSource(
  files: readonly string[],
  { name = "files", ...options }: FolderSourceOptions & { readonly name?: string | undefined } = {},
): Promise<Source> {
  assertFields("filesSource", { name, ...options }, { ...FOLDER, name: "may" });
  const folder = commonFolder(files);
  const paths = files.map((file) => relative(folder, resolve(file)).replaceAll(sep, "/"));
  const seen = new Set<string>();
  for (const path of paths) {
    if (!seen.has(path)) seen.add(path);
    else throw new InputError(`data set "${name}": expected each file once, got "${path}" twice`);
  }
  return pictureFilesSource(
    name,
    files.map((file, i) => fileAt(file, paths[i] ?? file)),
    await labelsOf(paths, options),
  );
}

function fileAt(file: string, path: string): PictureFile {
  return {
    path,
    size: async () =>
      (
        await stat(file).catch((error: Error) => {
          throw new InputError(`image "${file}": expected to read it, got ${error.message}`);
        })
      ).size,
    load: () => readImage(file),
  };
}

async function labelsOf(
  paths: readonly string[],
  { labels = "folders" }: FolderSourceOptions,
): Promise<FileLabels> {
  if (labels === "none") return NO_LABELS;
  if (labels === "folders") return labelsOfFolders(paths);
  return labelsOfTable(paths, await tableAt(labels.csv));
}

/** Reads a table of labels. @throws InputError when it cannot be read. */
export async function tableAt(path: string): Promise<LabelTable> {
  return { name: path, text: (await readRegular(path, `labels "${path}"`, MOST_TABLE)).toString("utf8") };
}

/** Paths of all files in a folder and in those within, with "/" between their parts. */
async function filesWithin(folder: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async (within: string, above: readonly string[]): Promise<void> => {
    const here = join(folder, within);
    try {
      const real = await realpath(here);
      // A link to a folder above would never end.
      if (above.includes(real)) return;
      for (const entry of await readdir(here, { withFileTypes: true })) {
        const path = within === "" ? entry.name : `${within}/${entry.name}`;
        const link = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
        if (!link?.isDirectory()) files.push(path);
        else if (!/^(\.|__MACOSX$)/.test(entry.name)) await visit(path, [...above, real]);
      }
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`folder "${here}": expected to read it, got ${(error as Error).message}`);
    }
  };
  await visit("", []);
  return files;
}

/** The innermost folder in which all files lie. */
function commonFolder(files: readonly string[]): string {
  const [first = "", ...others] = files.map((file) => dirname(resolve(file)));
  let folder = first;
  for (const other of others) {
    while (other !== folder && !other.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) {
      folder = dirname(folder);
    }
  }
  return folder;
}

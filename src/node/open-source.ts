import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ByteFile } from "../dataset/bytes.ts";
import { cifarKind } from "../dataset/cifar-source.ts";
import { type DataFileKind, dataFileKind, dataFileParts } from "../dataset/data-file.ts";
import { joined } from "../dataset/joined.ts";
import type { Source } from "../dataset/source.ts";
import { sourceOf } from "../dataset/source-of.ts";
import { syntheticSource } from "../dataset/synthetic-source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { diskFile } from "./disk-file.ts";
import { filesNamed } from "./file-names.ts";
import { beginsPicture, decodeImage } from "./image.ts";
import { arrayNamed } from "./npz.ts";
import { type FolderSourceOptions, filesSource, folderSource, tableAt } from "./picture-folders.ts";
import { readRegular } from "./read.ts";

export interface OpenSourceOptions {
  /**
   * Of files in folders or in a zip archive: "folders" (default), "none", or a CSV file with rows of a file's name and its label. Of an
   * array: a .npy or IDX file with a number for each picture.
   */
  readonly labels?: FolderSourceOptions["labels"] | { readonly array: string };
  /** Names of the classes, in the order of the numbers that label them. */
  readonly classes?: readonly string[] | undefined;
  /** Draws synthetic pictures. Asked for only where the name means some. */
  readonly device?: GPUDevice | (() => Promise<GPUDevice>) | undefined;
  /** Seed of synthetic pictures. Default 1. */
  readonly seed?: number | undefined;
  /** Pixels a side of synthetic pictures. Default 96. */
  readonly size?: number | undefined;
}

const OPEN: Fields<OpenSourceOptions> = {
  ...{ labels: "may", classes: "may", device: "may", seed: "may", size: "may" },
};

/** Longest list of files: ten million names. */
const MOST_LIST = 2 ** 30;

/**
 * Opens the pictures that a command line names. What a file is, its first bytes say:
 * - a folder, with the folders within ({@link folderSource});
 * - a picture, or a pattern of pictures such as "photos/*.jpg";
 * - a list: a .txt file with a picture's path on each line, from the list's own folder;
 * - .npy, and .npz, of which "file.npz:name" is one array;
 * - IDX, compressed or not; MNIST's labels are found beside its pictures;
 * - CIFAR's binary files; tar archives in WebDataset's form, compressed or not; Parquet files; a zip archive of pictures;
 * - several of a kind, by a pattern or a run of numbers: "train-{000..009}.tar";
 * - "synthetic:N", the first N synthetic pictures, or "synthetic:A-B", those from A to B.
 * @throws InputError for what is not there, is no data set, or holds no picture.
 * @example
 * ```ts
 * import { openSource } from "vitrine/node";
 *
 * const source = await openSource("synthetic:3-5", { device }); // or a folder, "train-{000..009}.tar", …
 * for await (const { id, label } of source) console.log(id, label); // synthetic:3 star
 * ```
 */
export async function openSource(name: string, options: OpenSourceOptions = {}): Promise<Source> {
  assertFields("openSource", options, OPEN);
  if (typeof name !== "string" || name === "") {
    throw new InputError(`openSource: expected the name of a data set, got ${JSON.stringify(name)}`);
  }
  if (name.startsWith("synthetic:")) return openSynthetic(name, options);
  const who = `data set "${name}"`;
  const { file, member } = arrayNamed(name);
  const files = await filesNamed(file, who);
  const [first = ""] = files;
  const stats = await stat(first).catch((error: Error) => {
    throw new InputError(`${who}: expected a folder, a file or a pattern, got ${error.message}`);
  });
  if (stats.isDirectory() && files.length === 1)
    return folderSource(first, { labels: ofFiles(options, who) });
  if (/\.txt$/i.test(name)) return filesSource(await listed(first), { name, labels: ofFiles(options, who) });
  const opened = await diskFile(first);
  if (beginsPicture(await beginning(opened))) {
    return filesSource(files, { name, labels: ofFiles(options, who) });
  }
  const kind = await dataFileKind(opened);
  if (!kind) {
    throw new InputError(
      `${who}: expected pictures, a list of them (.txt), .npy, .npz, IDX, CIFAR's binary files, .tar, .parquet or .zip, got another kind of file`,
    );
  }
  const parts = [];
  for (const one of files) parts.push(await partsOf(await diskFile(one), kind, options, member));
  return sourceOf({ ...joined(name, parts), name });
}

async function partsOf(file: ByteFile, kind: DataFileKind, options: OpenSourceOptions, array?: string) {
  const { labels } = options;
  return dataFileParts(file, kind, {
    array,
    decode: decodeImage,
    classes: options.classes ?? (kind === "cifar" ? await cifarClasses(file) : undefined),
    fileLabels: typeof labels !== "object" ? labels : "csv" in labels ? await tableAt(labels.csv) : undefined,
    arrayLabels:
      typeof labels === "object" && "array" in labels
        ? await diskFile(labels.array)
        : kind === "idx" && labels !== "none"
          ? await idxLabelsBeside(file.name)
          : undefined,
  });
}

/** The file of labels that MNIST and its kin have beside their pictures. */
async function idxLabelsBeside(path: string): Promise<ByteFile | undefined> {
  const labels = path.replace(/images([-.])idx[34](?=[^/\\]*$)/, "labels$1idx1");
  return labels === path ? undefined : diskFile(labels).catch(() => undefined);
}

/** Names of the 100 fine classes, which CIFAR-100 has beside its pictures. */
async function cifarClasses({ name, size }: ByteFile): Promise<string[] | undefined> {
  if (cifarKind(size) !== 100) return undefined;
  const path = join(dirname(name), "fine_label_names.txt");
  const text = await readRegular(path, path, MOST_LIST).catch(() => undefined);
  return text?.toString("utf8").split(/\s+/).filter(Boolean);
}

function ofFiles({ labels }: OpenSourceOptions, who: string): FolderSourceOptions["labels"] {
  if (typeof labels !== "object" || "csv" in labels) return labels;
  throw new InputError(`${who}: expected labels of files, such as { csv: "labels.csv" }, got an array`);
}

async function openSynthetic(name: string, { device, seed, size }: OpenSourceOptions): Promise<Source> {
  const [, from, to] = /^synthetic:(\d+)(?:-(\d+))?$/.exec(name) ?? [];
  if (from === undefined) {
    throw new InputError(
      `data set "${name}": expected "synthetic:N", the first N pictures, or "synthetic:A-B", those from A to B`,
    );
  }
  if (!device) throw new InputError(`data set "${name}": expected a device that draws it, got none`);
  const first = to === undefined ? 0 : Number(from);
  const count = to === undefined ? Number(from) : Number(to) - first + 1;
  return syntheticSource(typeof device === "function" ? await device() : device, {
    first,
    count,
    seed,
    size,
  });
}

/** The first bytes of a file. */
async function beginning(file: ByteFile): Promise<Uint8Array> {
  const open = await file.open();
  return open.read(0, Math.min(256, file.size)).finally(() => open.close());
}

/** The files that a list names, one on a line. */
async function listed(path: string): Promise<string[]> {
  const text = (await readRegular(path, `list "${path}"`, MOST_LIST)).toString("utf8");
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => resolve(dirname(path), line));
}

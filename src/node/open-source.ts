import { open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Source } from "../dataset/source.ts";
import { syntheticSource } from "../dataset/synthetic-source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { filesNamed } from "./file-names.ts";
import { beginsPicture } from "./image.ts";
import { type FolderSourceOptions, filesSource, folderSource } from "./picture-folders.ts";
import { readRegular, WITHOUT_WAITING } from "./read.ts";

export interface OpenSourceOptions extends FolderSourceOptions {
  /** Draws synthetic pictures. Asked for only where the name means some. */
  readonly device?: GPUDevice | (() => Promise<GPUDevice>) | undefined;
  /** Seed of synthetic pictures. Default 1. */
  readonly seed?: number | undefined;
  /** Pixels a side of synthetic pictures. Default 96. */
  readonly size?: number | undefined;
}

const OPEN: Fields<OpenSourceOptions> = { labels: "may", device: "may", seed: "may", size: "may" };

/** Longest list of files: ten million names. */
const MOST_LIST = 2 ** 30;

/**
 * Opens the pictures that a command line names. What a file is, its first bytes say:
 * - a folder, with the folders within ({@link folderSource});
 * - a picture, or a pattern of pictures such as "photos/*.jpg";
 * - a list: a .txt file with a picture's path on each line, from the list's own folder;
 * - "synthetic:N", the first N synthetic pictures, or "synthetic:A-B", those from A to B.
 * @throws InputError for what is not there, is no data set, or holds no picture.
 */
export async function openSource(name: string, options: OpenSourceOptions = {}): Promise<Source> {
  assertFields("openSource", options, OPEN);
  if (typeof name !== "string" || name === "") {
    throw new InputError(`openSource: expected the name of a data set, got ${JSON.stringify(name)}`);
  }
  if (name.startsWith("synthetic:")) return openSynthetic(name, options);
  const who = `data set "${name}"`;
  const files = await filesNamed(name, who);
  const [first = ""] = files;
  const stats = await stat(first).catch((error: Error) => {
    throw new InputError(`${who}: expected a folder, a file or a pattern, got ${error.message}`);
  });
  const { labels } = options;
  if (stats.isDirectory() && files.length === 1) return folderSource(first, { labels });
  if (beginsPicture(await beginning(first, who))) return filesSource(files, { name, labels });
  if (files.length === 1 && /\.txt$/i.test(name)) {
    return filesSource(await listed(first), { name, labels });
  }
  throw new InputError(
    `${who}: expected a folder, pictures or a list of them (.txt), got another kind of file`,
  );
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
async function beginning(path: string, who: string): Promise<Uint8Array> {
  try {
    const file = await open(path, WITHOUT_WAITING);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new InputError(`${who}: expected to read "${path}", got ${(error as Error).message}`);
  }
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

import { InputError, ModelError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { baseName, type ModelFiles, someOf, tooLong } from "./files.ts";
import { folderOf, manifestAmong } from "./manifest.ts";

/** A file that a person picked or dropped, with its path where the page knows more of it than the file does. */
export type PickedFile = File | { readonly path: string; readonly file: File };

interface Entry {
  /** Path with "/" between its parts, from the folder that was picked or dropped; a bare name where none is known. */
  readonly path: string;
  readonly file: File;
}

function entryOf(picked: PickedFile): Entry {
  const { path, file }: Partial<Entry> =
    typeof picked !== "object" || picked === null
      ? {}
      : "file" in picked
        ? picked
        : { path: picked.webkitRelativePath || picked.name, file: picked };
  if (typeof path !== "string" || typeof file?.arrayBuffer !== "function") {
    throw new InputError(
      `modelFromFiles: expected files, or { path, file } of each, got ${describe(picked)}`,
    );
  }
  return { path: plain(path) ?? baseName(path), file };
}

/** A path without "." and ".." in it; undefined where it climbs above its start. */
function plain(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.replaceAll("\\", "/").split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * A model from files that a person picked or dropped: `model.json` or another manifest with its shards, or one file in a
 * format that {@link loadModel} reads, such as net.onnx or a .zip. Where a folder was picked, or `path` says where a file lies, a shard is found by its whole path from the
 * manifest; files without a path are found by their names, as long as only one can be meant.
 * @throws UnsupportedError for a model in a format that is not read.
 * @throws ModelError when there is no model or no saying which. Reading throws one when a shard is missing or two
 * files could be meant.
 */
export function modelFromFiles(files: readonly PickedFile[]): ModelFiles {
  if (
    typeof (files as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function" ||
    typeof files === "string"
  ) {
    throw new InputError(`modelFromFiles: expected a list of files, got ${describe(files)}`);
  }
  const entries = Array.from(files, entryOf);
  const paths = entries.map(({ path }) => path);
  const got = someOf(paths, "no files");
  const name = manifestAmong(paths, "model");
  const folder = folderOf(name);
  const manifest = entries.find(({ path }) => path === name);
  /** Path that each file without a path of its own was taken for. */
  const takenFor = new Map<Entry, string>();

  function find(path: string): Entry {
    if (path === name && manifest) return manifest;
    const inside = plain(path);
    if (inside === undefined || inside === "") {
      throw new ModelError(`model "${name}": expected its files in its own folder, got "${path}"`);
    }
    const whole = `${folder}${inside}`;
    const exact = entries.filter((entry) => entry.path === whole);
    const loose = folder === "" ? entries.filter((entry) => entry.path === baseName(inside)) : [];
    const [found, ...others] = exact.length > 0 ? exact : loose;
    if (!found) {
      throw new ModelError(
        `model "${name}": expected the file "${inside}", got ${got}; drop it together with the manifest`,
      );
    }
    const other = takenFor.get(found) ?? inside;
    if (others.length > 0 || other !== inside) {
      const why = others.length > 0 ? `${1 + others.length} files` : `one file for it and for "${other}"`;
      throw new ModelError(
        `model "${name}": expected one file that can be meant by "${inside}", got ${why}; pick or drop the whole folder`,
      );
    }
    takenFor.set(found, inside);
    return found;
  }

  return {
    name,
    manifest: name,
    async size(path) {
      return find(path).file.size;
    },
    async list() {
      return paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
    },
    async read(path, { signal, most = Number.POSITIVE_INFINITY } = {}) {
      signal?.throwIfAborted();
      const { file } = find(path);
      if (file.size > most) throw tooLong(name, path, file.size, most);
      try {
        return await file.arrayBuffer();
      } catch (error) {
        throw new ModelError(`model "${name}": expected to read "${path}", got ${(error as Error).message}`);
      }
    },
  };
}

import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, ModelError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { type ModelFiles, tooLong, withoutSecrets } from "../models/files.ts";
import { manifestAmong } from "../models/manifest.ts";
import { kindOf, WITHOUT_WAITING } from "./read.ts";

/** Bytes that are read between two looks at the caller's signal. */
const STEP = 2 ** 24;

/**
 * A model on disk: its file (`model.json`, net.onnx, net.keras, net.h5, a .zip), or the folder that holds it, as a path or as an address that begins with
 * file:, such as `import.meta.resolve("vitrine/models/vitrine/model.json")`. Shards are regular files beside the manifest or
 * below, never above nor behind a link that leads out of the folder.
 * @throws ModelError when nothing is there. @throws UnsupportedError for a folder that holds a model in a format that is not read.
 */
export async function modelFromDisk(where: string | URL): Promise<ModelFiles> {
  const path = pathOf(where);
  const found = await stat(path).catch((error: Error & { readonly code?: string }) => {
    const got = error.code === "ENOENT" ? "no such file" : error.message;
    throw new ModelError(`model "${path}": expected a model's file or its folder, got ${got}`);
  });
  const manifest = found.isDirectory()
    ? join(path, manifestAmong(await readdir(path), `model "${path}"`))
    : path;
  const folder = resolve(dirname(manifest));
  const who = `model "${manifest}"`;

  /** Opens a file and lends it, with its length. */
  async function lend<T>(
    file: string,
    signal: AbortSignal | undefined,
    use: (handle: FileHandle, size: number) => Promise<T>,
  ): Promise<T> {
    const outside = new ModelError(`${who}: expected its files in its own folder, got "${file}"`);
    const full = resolve(folder, file);
    if (!isInside(folder, full)) throw outside;
    try {
      const real = await realpath(full);
      // The manifest may be a link: the caller named it.
      if (full !== resolve(manifest) && !isInside(await realpath(folder), real)) throw outside;
      const handle = await open(real, WITHOUT_WAITING);
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) {
          throw new ModelError(`${who}: expected a regular file, got "${file}", which is ${kindOf(stats)}`);
        }
        return await use(handle, stats.size);
      } finally {
        await handle.close();
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ModelError) throw error;
      if ((error as { readonly code?: string }).code === "ENOENT") {
        throw new ModelError(`${who}: expected the file "${file}" in its folder, got none; bring it along`);
      }
      throw new ModelError(`${who}: expected to read "${file}", got ${(error as Error).message}`);
    }
  }

  return {
    name: manifest,
    manifest: basename(manifest),
    list: () => readdir(folder).catch((): string[] => []),
    size: (file) => lend(file, undefined, async (_, size) => size),
    read: (file, { signal, most = Number.POSITIVE_INFINITY } = {}) =>
      lend(file, signal, async (handle, size) => {
        if (size > most) throw tooLong(manifest, file, size, most);
        const bytes = new Uint8Array(size);
        let length = 0;
        while (length < size) {
          signal?.throwIfAborted();
          const { bytesRead } = await handle.read(bytes, length, Math.min(STEP, size - length), length);
          if (bytesRead === 0) break;
          length += bytesRead;
        }
        return length === size ? bytes.buffer : bytes.buffer.slice(0, length);
      }),
  };
}

/** True if a path lies below a folder; "..a" is the name of a file like any other. */
function isInside(folder: string, path: string): boolean {
  const from = relative(folder, path);
  return from !== "" && !isAbsolute(from) && from.split(sep)[0] !== "..";
}

function pathOf(where: string | URL): string {
  if (typeof where !== "string" && typeof (where as Partial<URL> | null)?.href !== "string") {
    throw new InputError(
      `modelFromDisk: expected a path or a URL that begins with file:, got ${describe(where)}`,
    );
  }
  if (typeof where === "string" && /^https?:/i.test(where)) {
    throw new ModelError(
      `model "${withoutSecrets(where)}": expected a path, got an address; modelFromUrl fetches it`,
    );
  }
  if (typeof where === "string" && !where.startsWith("file:")) return where;
  try {
    return fileURLToPath(where);
  } catch (error) {
    throw new ModelError(
      `model "${where}": expected a path or an address that begins with file:, got ${(error as Error).message}; modelFromUrl fetches others`,
    );
  }
}

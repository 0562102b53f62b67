import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { ModelError } from "../gpu/errors.ts";
import type { ModelFiles } from "../models/files.ts";

/**
 * A model on disk: its manifest, or the folder that holds `model.json`. Shards are looked for beside the manifest and
 * below, never above.
 * @throws ModelError when nothing is there.
 */
export async function modelFromDisk(path: string): Promise<ModelFiles> {
  const found = await stat(path).catch((error: Error) => {
    throw new ModelError(`model "${path}": expected a model.json or its folder, got ${error.message}`);
  });
  const manifest = found.isDirectory() ? join(path, "model.json") : path;
  const folder = resolve(dirname(manifest));
  return {
    name: manifest,
    manifest: basename(manifest),
    async read(file, signal) {
      const full = resolve(folder, file);
      if (relative(folder, full).startsWith("..")) {
        throw new ModelError(`model "${manifest}": expected its files in its own folder, got "${file}"`);
      }
      try {
        const { buffer, byteOffset, byteLength } = await readFile(full, signal ? { signal } : {});
        return buffer.slice(byteOffset, byteOffset + byteLength);
      } catch (error) {
        signal?.throwIfAborted();
        throw new ModelError(
          `model "${manifest}": expected to read "${file}", got ${(error as Error).message}`,
        );
      }
    },
  };
}

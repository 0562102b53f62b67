import { InputError, ModelError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** The most bytes that the file may have; a longer one is refused before it is in memory. */
  readonly most?: number | undefined;
}

/**
 * Source of a model's files: a folder, an archive, an address, files picked together. Paths are those that the manifest
 * writes, relative to the manifest.
 */
export interface ModelFiles {
  /** Name of the source in messages: an address without its query, a folder, a file's name. */
  readonly name: string;
  /**
   * Path of the manifest, as `read` takes it: the file that is the model or names the rest of it, whatever its format and
   * its name (`model.json`, `net.onnx`).
   */
  readonly manifest: string;
  /** One file's bytes. @throws ModelError when it is not there, cannot be read or is too long. */
  read(path: string, options?: ReadOptions): Promise<ArrayBuffer>;
  /** One file's length in bytes, from a source that knows it without reading. @throws ModelError like `read`. */
  size?(path: string): Promise<number>;
  /**
   * Paths of the files beside the manifest, as `read` takes them, from a source that knows them; an address does not. Names
   * of classes are looked for among them.
   */
  list?(): Promise<readonly string[]>;
}

/** A model's files, of which the manifest has been read. */
export function havingRead(files: ModelFiles, bytes: ArrayBuffer): ModelFiles {
  const { name, manifest, size, list } = files;
  return {
    name,
    manifest,
    async read(path, options = {}) {
      if (path !== manifest) return files.read(path, options);
      const { most = Number.POSITIVE_INFINITY } = options;
      if (bytes.byteLength > most) throw tooLong(name, manifest, bytes.byteLength, most);
      return bytes;
    },
    ...(size ? { size: (path) => size.call(files, path) } : {}),
    ...(list ? { list: () => list.call(files) } : {}),
  };
}

/** @throws InputError when these are no files of a model, with where some come from. */
export function assertModelFiles(who: string, files: ModelFiles): void {
  if (typeof (files as Partial<ModelFiles> | undefined)?.read === "function") return;
  const given: unknown = files;
  const remedy =
    typeof given === "string"
      ? `await ${who}(modelFromUrl(${JSON.stringify(given)}))`
      : "modelFromUrl(address) and modelFromFiles(files) give them";
  throw new InputError(`${who}: expected a model's files, got ${describe(given)}; ${remedy}`);
}

/** The last part of a path: "a/b.bin" → "b.bin". */
export function baseName(path: string): string {
  return path.replaceAll("\\", "/").split("/").at(-1) ?? path;
}

/** An address as messages show it: its query and its password are secrets. */
export function withoutSecrets(address: string): string {
  return address.replace(/[?#].*$/s, "").replace(/^([a-z][a-z\d+.-]*:)?\/\/[^/]*@/i, "$1//");
}

/** Says that a file is longer than it may be. */
export function tooLong(model: string, path: string, bytes: number | "more", most: number): ModelError {
  return new ModelError(`model "${model}": expected at most ${most} bytes in "${path}", got ${bytes}`);
}

/** Some of many names, for messages. */
export function someOf(names: readonly string[], none: string): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length === 0 ? none : names.length > 8 ? `${shown}, …` : shown;
}

import { ModelError } from "../gpu/errors.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** The most bytes that the file may have; a longer one is refused before it is in memory. */
  readonly most?: number | undefined;
}

/** Source of a model's files. Paths are those that the manifest writes, relative to the manifest. */
export interface ModelFiles {
  /** Name of the source in messages: an address without its query, a folder, a file's name. */
  readonly name: string;
  /** Path of the manifest, as `read` takes it. */
  readonly manifest: string;
  /** One file's bytes. @throws ModelError when it is not there, cannot be read or is too long. */
  read(path: string, options?: ReadOptions): Promise<ArrayBuffer>;
  /** One file's length in bytes, from a source that knows it without reading. @throws ModelError like `read`. */
  size?(path: string): Promise<number>;
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

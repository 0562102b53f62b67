import { unzipSync } from "fflate";
import { ModelError } from "../gpu/errors.ts";
import { type ModelFiles, tooLong } from "./files.ts";
import { folderOf, manifestAmong } from "./manifest.ts";

/** Bytes of an archive's files, unpacked, at most. */
const MOST_BYTES = 2 ** 31;

/** Files of fewer bytes may be packed as small as they like; trained weights hardly pack at all. */
const SMALL = 2 ** 26;
const MOST_RATIO = 100;

/** More than deflate can: a header that claims more is wrong. */
const DEFLATE_RATIO = 1100;

/** What archives hold beside a model's files. */
const ASIDE = /(^|\/)(__MACOSX\/|\.)/;

interface Entry {
  readonly path: string;
  readonly size: number;
}

/**
 * The files of a zip archive: a `.keras` file, or a folder that somebody packed. Each is unpacked when it is read.
 * @throws ModelError for a damaged archive, one that would unpack to too much, and one that holds no model.
 */
export function zippedFiles(archive: ArrayBuffer, name: string): ModelFiles {
  const who = `model "${name}"`;
  const bytes = new Uint8Array(archive);
  const entries = new Map<string, Entry>();
  let total = 0;
  unpack(bytes, who, ({ name: path, size, originalSize }) => {
    total += originalSize;
    const bomb = originalSize > SMALL && originalSize > MOST_RATIO * size;
    if (total > MOST_BYTES || bomb || originalSize > SMALL + DEFLATE_RATIO * size) {
      throw new ModelError(
        `${who}: expected an archive that unpacks to at most ${MOST_BYTES} bytes and ${MOST_RATIO} times its size, got "${path}" of ${size} bytes that claims ${originalSize}`,
      );
    }
    const plain = path.replaceAll("\\", "/");
    if (!plain.endsWith("/") && !ASIDE.test(plain)) entries.set(plain, { path, size: originalSize });
    return false;
  });
  const manifest = manifestAmong([...entries.keys()], who);
  const folder = folderOf(manifest);

  function entryAt(path: string): Entry {
    const entry = entries.get(path === manifest ? path : `${folder}${path.replace(/^(\.\/)+/, "")}`);
    if (entry) return entry;
    throw new ModelError(`${who}: expected the file "${path}" in the archive, found none`);
  }

  return {
    name,
    manifest,
    async list() {
      return [...entries.keys()]
        .filter((path) => path.startsWith(folder))
        .map((path) => path.slice(folder.length));
    },
    async size(path) {
      return entryAt(path).size;
    },
    async read(path, { signal, most = Number.POSITIVE_INFINITY } = {}) {
      signal?.throwIfAborted();
      const entry = entryAt(path);
      if (entry.size > most) throw tooLong(name, path, entry.size, most);
      const file = unpack(bytes, who, (candidate) => candidate.name === entry.path)[entry.path];
      if (file?.byteLength !== entry.size) {
        throw new ModelError(
          `${who}: expected ${entry.size} bytes in "${path}", got ${file?.byteLength ?? 0}; the archive is damaged`,
        );
      }
      return file.slice().buffer;
    },
  };
}

function unpack(
  bytes: Uint8Array,
  who: string,
  filter: (entry: { readonly name: string; readonly size: number; readonly originalSize: number }) => boolean,
): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(`${who}: expected a zip archive that is whole, got ${(error as Error).message}`);
  }
}

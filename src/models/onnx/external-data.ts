import { ModelError } from "../../gpu/errors.ts";
import type { ModelFiles } from "../files.ts";
import type { ShardOptions } from "../shards.ts";

/** Bytes of one file of tensors, at most. */
const MOST_BYTES = 2 ** 32;

/** One file that tensors lie in. */
interface ExternalFile {
  /** Bytes that its tensors need it to have. */
  least: number;
  bytes: ArrayBuffer | undefined;
}

/** Files beside a model's own that hold elements of its tensors. What is needed is noted first; then every file is read once. */
export class ExternalData {
  readonly #files = new Map<string, ExternalFile>();

  /**
   * Notes a tensor. @returns what copies its bytes, once the files have been read.
   * @throws ModelError when `entries` do not say where it is, or that it has other than `bytes` bytes.
   */
  add(
    entries: readonly { readonly key: string | undefined; readonly value: string | undefined }[],
    bytes: number,
    who: string,
  ): () => ArrayBuffer {
    const values = new Map(entries.map(({ key = "", value = "" }) => [key, value]));
    const location = values.get("location") ?? "";
    if (location === "" || /^([a-z][a-z\d+.-]*:|[/\\])/i.test(location)) {
      throw new ModelError(
        `${who}: expected its data at a path from the model's folder, got ${JSON.stringify(location)}`,
      );
    }
    const whole = (key: string, otherwise: number) => {
      const text = values.get(key) ?? String(otherwise);
      if (!/^\d{1,15}$/.test(text)) {
        throw new ModelError(
          `${who}: expected the ${key} of its data as a number of bytes, got "${text.slice(0, 40)}"`,
        );
      }
      return Number(text);
    };
    const [offset, length] = [whole("offset", 0), whole("length", bytes)];
    if (length !== bytes) {
      throw new ModelError(`${who}: expected ${bytes} bytes of data in "${location}", got ${length}`);
    }
    const file = this.#files.get(location) ?? { least: 0, bytes: undefined };
    file.least = Math.max(file.least, offset + length);
    this.#files.set(location, file);
    return () => {
      if (!file.bytes) throw new ModelError(`${who}: expected "${location}" to have been read, got nothing`);
      return file.bytes.slice(offset, offset + length);
    };
  }

  /** Reads all files; their lengths first, where the source knows them. @throws ModelError when one is missing or too short. */
  async read(files: ModelFiles, { onProgress, signal }: ShardOptions): Promise<void> {
    const assertWhole = (path: string, least: number, got: number) => {
      if (got >= least) return;
      throw new ModelError(
        `model "${files.name}": expected at least ${least} bytes of weights in "${path}", got ${got}; the file is truncated: fetch it again`,
      );
    };
    for (const [path, { least }] of this.#files) {
      if (files.size) assertWhole(path, least, await files.size(path));
    }
    let done = 0;
    for (const [path, file] of this.#files) {
      const bytes = await files.read(path, { signal, most: MOST_BYTES });
      assertWhole(path, file.least, bytes.byteLength);
      file.bytes = bytes;
      onProgress?.(++done / this.#files.size);
    }
  }
}

import { ModelError } from "../gpu/errors.ts";
import { type ModelFiles, someOf, withoutSecrets } from "./files.ts";

/** Files whose bytes, one after the other, are a run of weights. */
export interface ShardGroup {
  readonly paths: readonly string[];
  /** Bytes that they must have together. */
  readonly bytes: number;
}

export interface ShardOptions {
  /** Share of the bytes that has been read, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes at most of files that are named more than once, beyond their first use. */
const MOST_REPEATED = 2 ** 26;

/**
 * The bytes of each group. They are counted before any file is read, where the source knows the files' lengths, and a file
 * that is named more than once is read once.
 * @throws ModelError when they are too few or too many, or a file is missing.
 */
export async function readShards(
  files: ModelFiles,
  groups: readonly ShardGroup[],
  { onProgress, signal }: ShardOptions,
): Promise<ArrayBuffer[]> {
  const who = `model "${files.name}"`;
  if (files.size) {
    const sizeOf = once((path) => files.size?.(path) ?? Promise.resolve(0));
    for (const group of groups) assertBytes(group, await Promise.all(group.paths.map(sizeOf)), who);
  }
  const total = groups.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const shardAt = once(async (path, most) => {
    const shard = await files.read(path, { signal, most });
    done += shard.byteLength;
    onProgress?.(Math.min(1, done / Math.max(1, total)));
    return shard;
  });
  const read = await Promise.all(
    groups.map(({ paths, bytes }) => Promise.all(paths.map((path) => shardAt(path, bytes)))),
  );
  signal?.throwIfAborted();
  if (total - done > MOST_REPEATED) {
    throw new ModelError(
      `${who}: expected at most ${MOST_REPEATED} bytes of files that are named more than once, got ${total - done}`,
    );
  }
  return groups.map((group, index) => {
    const shards = read[index] ?? [];
    const lengths = shards.map(({ byteLength }) => byteLength);
    assertBytes(group, lengths, who);
    return join(shards, group.bytes, who);
  });
}

/** The same work for the same path only once. */
function once<T>(work: (path: string, most: number) => Promise<T>) {
  const results = new Map<string, Promise<T>>();
  return (path: string, most: number): Promise<T> => {
    const result = results.get(path) ?? work(path, most);
    results.set(path, result);
    return result;
  };
}

/** @throws ModelError unless a group's files have the bytes that its weights take. */
function assertBytes({ paths, bytes }: ShardGroup, lengths: readonly number[], who: string): void {
  const got = lengths.reduce((sum, length) => sum + length, 0);
  if (got === bytes) return;
  const remedy =
    got < bytes ? "a file is truncated: fetch it again" : "the files and the manifest are not of one model";
  throw new ModelError(
    `${who}: expected ${bytes} bytes of weights in ${someOf(paths.map(withoutSecrets), "no files")}, got ${got}; ${remedy}`,
  );
}

/** Shards one after the other. */
function join(shards: readonly ArrayBuffer[], bytes: number, who: string): ArrayBuffer {
  const [only] = shards;
  if (shards.length === 1 && only) return only;
  let joined: Uint8Array<ArrayBuffer>;
  try {
    joined = new Uint8Array(bytes);
  } catch {
    throw new ModelError(`${who}: expected weights that memory can hold, got ${bytes} bytes in one group`);
  }
  let offset = 0;
  for (const shard of shards) {
    joined.set(new Uint8Array(shard), offset);
    offset += shard.byteLength;
  }
  return joined.buffer;
}

import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";

/** A file that is read by pieces, wherever it lies. */
export interface ByteFile {
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  open(): Promise<OpenFile>;
}

export interface OpenFile {
  /** The bytes from one place up to another, both within the file. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A file as a data set takes it: picked in a page, in memory, or of a disk ({@link ByteFile}). */
export type DataFile = ByteFile | Blob | ArrayBuffer | Uint8Array;

/** Bytes of one piece where a file is read from its beginning to its end. */
const PIECE = 2 ** 20;

/** A file as one that is read by pieces. @throws InputError when it is none. */
export function byteFile(file: DataFile, who: string): ByteFile {
  const given: unknown = file;
  if (given instanceof Uint8Array || given instanceof ArrayBuffer) {
    const bytes = given instanceof Uint8Array ? given : new Uint8Array(given);
    return opened("bytes", bytes.length, async (from, to) => bytes.slice(from, to));
  }
  if (typeof Blob === "function" && given instanceof Blob) {
    const name = "name" in given ? String(given.name) : "blob";
    return opened(
      name,
      given.size,
      async (from, to) => new Uint8Array(await given.slice(from, to).arrayBuffer()),
    );
  }
  if (typeof (given as Partial<ByteFile> | undefined)?.open === "function") return given as ByteFile;
  throw new InputError(`${who}: expected a file's bytes, a File or a Blob, got ${describe(given)}`);
}

function opened(name: string, size: number, read: OpenFile["read"]): ByteFile {
  return { name, size, open: async () => ({ read, async close() {} }) };
}

/**
 * Goes through what stands in an open file, and closes it once everything that was begun with it has ended.
 * @param go gets `begun`, through which each piece of work goes that outlives its own turn.
 */
export async function* within<T>(
  file: ByteFile,
  go: (open: OpenFile, begun: <W>(work: Promise<W>) => Promise<W>) => AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<T> {
  const open = await file.open();
  const going = new Set<Promise<unknown>>();
  try {
    yield* go(open, (work) => {
      going.add(work);
      const done = (): void => void going.delete(work);
      work.then(done, done);
      return work;
    });
  } finally {
    await Promise.allSettled(going);
    await open.close();
  }
}

/** The bytes of an open file from one place to another, in pieces. */
export async function* pieces(open: OpenFile, from: number, to: number, signal?: AbortSignal) {
  for (let at = from; at < to; at += PIECE) {
    signal?.throwIfAborted();
    yield await open.read(at, Math.min(to, at + PIECE));
  }
}

/** What a compression makes of bytes, in pieces. @throws InputError when they are damaged or cut short. */
export async function* inflated(
  packed: AsyncIterable<Uint8Array<ArrayBuffer>>,
  format: "gzip" | "deflate-raw",
  who: string,
): AsyncGenerator<Uint8Array> {
  const source = packed[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }).pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: Error) => {
        throw new InputError(`${who}: expected a compressed file that is whole, got ${error.message}`);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    await source.return?.();
  }
}

/** Bytes that come in pieces, taken in the lengths that are wanted. */
export class Pieces {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #who: string;
  #piece: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(pieces: AsyncIterable<Uint8Array>, who: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#who = who;
  }

  /** The next bytes. @throws InputError when there are fewer. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const taken = new Uint8Array(count);
    for (let done = 0; done < count; ) {
      if (this.#at === this.#piece.length) {
        const { done: ended, value } = await this.#pieces.next();
        if (ended) {
          throw new InputError(
            `${this.#who}: expected ${count} bytes more, got ${done}; the file is cut short`,
          );
        }
        this.#piece = value;
        this.#at = 0;
      }
      const some = this.#piece.subarray(this.#at, this.#at + count - done);
      taken.set(some, done);
      this.#at += some.length;
      done += some.length;
    }
    return taken;
  }

  /** Reads to the end. @throws InputError when there is more, or the end is damaged. */
  async end(): Promise<void> {
    for (let more = this.#piece.length - this.#at; ; ) {
      if (more > 0)
        throw new InputError(`${this.#who}: expected its end, got more bytes; the file is damaged`);
      const { done, value } = await this.#pieces.next();
      if (done) return;
      more = value.length;
    }
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

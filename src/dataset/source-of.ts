import { InputError, VitrineError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";
import { digestOf } from "./digest.ts";
import type { Source, SourcePicture, SourceReadOptions } from "./source.ts";

/** A picture of a data set before it is decoded. */
export interface SourceItem {
  readonly id: string;
  readonly label?: string | undefined;
  /** Reads and decodes the picture. It is called once at most, and before the next item is asked for. */
  load(signal: AbortSignal): Promise<Pixels>;
}

/** What makes a data set a {@link Source}. */
export interface SourceParts {
  readonly name: string;
  readonly count?: number | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Names, sizes and options as plain data: what the digest is made of. */
  identity(): unknown;
  /** All pictures in their order, begun anew by each call. What it opens, it closes at its end or when it is left. */
  items(signal: AbortSignal): AsyncIterable<SourceItem> | Iterable<SourceItem>;
}

const READ: Fields<SourceReadOptions> = { onBroken: "may", ahead: "may", from: "may", signal: "may" };

/** More pictures ahead would fill the memory and gain nothing. */
const MOST_AHEAD = 1024;

/**
 * A data set of one's own as a source: order, shards, reading ahead, broken pictures and stopping come with it.
 * @example
 * ```ts
 * import { sourceOf } from "vitrine/dataset";
 *
 * const greys = sourceOf({
 *   name: "greys",
 *   count: 256,
 *   identity: () => ["greys", 256],
 *   *items() {
 *     for (let level = 0; level < 256; level++) {
 *       const data = new Uint8Array(12).fill(level);
 *       yield { id: `grey ${level}`, load: async () => ({ width: 2, height: 2, data }) };
 *     }
 *   },
 * });
 * for await (const { id } of greys.shard(1, 255)) console.log(id); // grey 1
 * ```
 */
export function sourceOf(parts: SourceParts): Source {
  assertFields("source", parts, {
    ...{ name: "must", count: "may", labels: "may", identity: "must", items: "must" },
  } satisfies Fields<SourceParts>);
  return strided(parts, { first: 0, stride: 1 });
}

/** The pictures first, first + stride, first + 2 stride, … */
interface Stride {
  readonly first: number;
  readonly stride: number;
}

function strided(parts: SourceParts, stride: Stride): Source {
  const { name, count, labels } = parts;
  const read = (options: SourceReadOptions = {}): AsyncGenerator<SourcePicture> => {
    assertReadOptions(name, options);
    return pictures(parts, stride, options);
  };
  return {
    name,
    count: count === undefined ? undefined : Math.max(0, Math.ceil((count - stride.first) / stride.stride)),
    labels,
    async digest() {
      const whole = await parts.identity();
      return digestOf(stride.stride === 1 ? { whole } : { whole, ...stride });
    },
    read,
    [Symbol.asyncIterator]: () => read(),
    shard(i, n) {
      if (!Number.isSafeInteger(n) || n < 1 || !Number.isSafeInteger(i) || i < 0 || i >= n) {
        throw new InputError(
          `data set "${name}": expected shard i of n with i of 0 to n−1, got shard ${i} of ${n}`,
        );
      }
      return strided(parts, { first: stride.first + i * stride.stride, stride: n * stride.stride });
    },
  };
}

function assertReadOptions(name: string, options: SourceReadOptions): void {
  const who = `data set "${name}"`;
  assertFields(who, options, READ);
  const { ahead = 1, from = 0 } = options;
  if (!Number.isInteger(ahead) || ahead < 1 || ahead > MOST_AHEAD) {
    throw new InputError(`${who}: expected ahead to be a whole number of 1 to ${MOST_AHEAD}, got ${ahead}`);
  }
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new InputError(`${who}: expected from to be a whole number of 0 or more, got ${from}`);
  }
}

interface Numbered {
  readonly index: number;
  readonly item: SourceItem;
}

/** A picture that is being decoded. */
interface Coming extends Numbered {
  readonly loaded: Promise<{ readonly pixels: Pixels } | { readonly error: unknown }>;
}

async function* pictures(
  parts: SourceParts,
  stride: Stride,
  { onBroken, ahead = 8, from = 0, signal }: SourceReadOptions,
): AsyncGenerator<SourcePicture> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  let interrupt: (reason: unknown) => void = () => {};
  const onAbort = (): void => {
    stop.abort(signal?.reason);
    interrupt(signal?.reason);
  };
  // Promise.race would hang a reaction on the signal's promise for each picture.
  const orAborted = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      interrupt = reject;
      work.then(resolve, reject);
    });
  signal?.addEventListener("abort", onAbort);
  const items = wanted(parts.items(stop.signal), stride, from);
  let turn: Promise<unknown> = Promise.resolve();
  /** Begins to decode the next picture, once those before it have begun. */
  const take = (): Promise<Coming | undefined> => {
    const coming = turn.then(async () => {
      const { done, value } = await items.next();
      return done ? undefined : { ...value, loaded: load(value.item, stop.signal) };
    });
    turn = coming.catch(() => {});
    return coming;
  };
  const queue = Array.from({ length: ahead }, take);
  try {
    for (;;) {
      const coming = await orAborted(queue.shift() ?? take());
      if (!coming) return;
      queue.push(take());
      const outcome = await orAborted(coming.loaded);
      signal?.throwIfAborted();
      const { index, item } = coming;
      const { id, label } = item;
      if ("pixels" in outcome) yield { id, index, pixels: outcome.pixels, label };
      else {
        const error = brokenBy(outcome.error);
        if (!onBroken) throw refusal(parts.name, id, error);
        onBroken({ id, index, error });
      }
      signal?.throwIfAborted();
    }
  } finally {
    stop.abort();
    signal?.removeEventListener("abort", onAbort);
    for (const coming of queue) await coming.then((one) => one?.loaded).catch(() => {});
    await items.return(undefined).catch(() => {});
  }
}

async function* wanted(
  items: AsyncIterable<SourceItem> | Iterable<SourceItem>,
  { first, stride }: Stride,
  from: number,
): AsyncGenerator<Numbered, undefined> {
  const begin = first + from * stride;
  let index = 0;
  for await (const item of items) {
    if (index >= begin && (index - first) % stride === 0) yield { index, item };
    index++;
  }
}

async function load(item: SourceItem, signal: AbortSignal): Promise<Awaited<Coming["loaded"]>> {
  try {
    const pixels = await item.load(signal);
    assertPixels(pixels);
    return { pixels };
  } catch (error) {
    return { error };
  }
}

/** The error of a broken picture. What no other picture can help either is thrown: a missing decoder, a lost device. */
function brokenBy(error: unknown): Error {
  if (error instanceof VitrineError && !(error instanceof InputError)) throw error;
  return error instanceof Error ? error : new Error(String(error));
}

function refusal(name: string, id: string, error: Error): InputError {
  return new InputError(
    `data set "${name}": expected pictures that can be read, got a broken one, "${id}": ${error.message}; onBroken is told of such pictures and has them passed over`,
    { cause: error },
  );
}

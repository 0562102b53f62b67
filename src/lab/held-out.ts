import type { Source, SourcePicture } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { describe, type Fields } from "../gpu/options.ts";
import { Draws } from "../sampling/draws.ts";

/** How many pictures something is fitted to, how many others judge it, and which. */
export interface HeldOutOptions {
  /** Pictures that are fitted to. Default 128, or half of the data set where it has fewer than 256. */
  readonly train?: number | undefined;
  /** Other pictures, on which the fit is judged. Default 128, or the other half. */
  readonly test?: number | undefined;
  /** Seed of the choice of pictures and places. Default 0. */
  readonly seed?: number | undefined;
  /** Images in one forward pass. Default: as many as memory allows, up to 16. */
  readonly batch?: number | undefined;
  /** Is told of each picture that cannot be read, which is passed over. */
  readonly onBroken?: ((broken: { readonly id: string; readonly why: string }) => void) | undefined;
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const HELD_OUT: Fields<HeldOutOptions> = {
  ...{ train: "may", test: "may", seed: "may", batch: "may" },
  ...{ onBroken: "may", onProgress: "may", signal: "may" },
};

const USUAL = 128;
/** No data set of classes in turn repeats after one of these. */
const STEPS = [1, 3, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];
const HALVES = ["train", "test"] as const;

/** Pictures to fit to, and others to judge by: chosen by a seed all over the data set, each half read in one pass. */
export class HeldOut {
  readonly #source: Source;
  readonly #picked: Readonly<Record<(typeof HALVES)[number], ReadonlySet<number>>>;
  readonly #options: HeldOutOptions;
  readonly #found = { train: new Set<number>(), test: new Set<number>() };
  readonly #broken = new Set<number>();
  #done = 0;

  /** @throws InputError for numbers that cannot be, or fewer than two pictures. */
  constructor(who: string, source: Source, options: HeldOutOptions) {
    this.#options = options;
    const { count } = source;
    if (count !== undefined && count < 2) {
      throw new InputError(
        `${who}: expected at least two pictures in ${source.name}, one to fit to and one to judge by, got ${count}`,
      );
    }
    const half = Math.min(USUAL, Math.floor((count ?? 2 * USUAL) / 2));
    const others = (given: number | undefined): number =>
      given === undefined || count === undefined ? half : Math.max(1, Math.min(USUAL, count - given));
    const { train = others(options.test), test = others(options.train), seed = 0 } = options;
    for (const [name, value] of [
      ["train", train],
      ["test", test],
    ] as const) {
      if (Number.isInteger(value) && value >= 1) continue;
      throw new InputError(
        `${who}: expected a number of pictures for ${name}, 1 or more, got ${describe(value)}`,
      );
    }
    if (count !== undefined && train + test > count) {
      throw new InputError(
        `${who}: expected at most the ${count} pictures of ${source.name} for train and test, got ${train} and ${test}`,
      );
    }
    const wanted = train + test;
    const most = Math.floor((count ?? wanted) / wanted);
    const step = STEPS.findLast((one) => one <= most) ?? 1;
    this.#source = step === 1 ? source : source.shard(0, step);
    const among = count === undefined ? wanted : Math.ceil(count / step);
    const order = shuffled(among, seed).map((place) => place * step);
    this.#picked = { test: new Set(order.slice(0, test)), train: new Set(order.slice(test, wanted)) };
  }

  /** Pictures of a half, one after another. */
  async *read(half: (typeof HALVES)[number]): AsyncGenerator<SourcePicture> {
    const { signal, onBroken, onProgress } = this.#options;
    const picked = this.#picked[half];
    const last = Math.max(...picked);
    const pictures = this.#source.read({
      signal,
      onBroken: ({ id, index, error }) => {
        if (!picked.has(index) || this.#broken.has(index)) return;
        this.#broken.add(index);
        onBroken?.({ id, why: error.message });
      },
    });
    for await (const picture of pictures) {
      signal?.throwIfAborted();
      if (picture.index > last) break;
      if (!picked.has(picture.index)) continue;
      this.#found[half].add(picture.index);
      onProgress?.(++this.#done, this.#picked.train.size + this.#picked.test.size);
      yield picture;
    }
  }

  /** Pictures of a half that were read; fewer than were asked where the data set has fewer, or some are broken. */
  found(half: (typeof HALVES)[number]): number {
    return this.#found[half].size;
  }

  /** @throws InputError when a half had no picture that could be read. */
  assertFound(who: string, half: (typeof HALVES)[number]): void {
    if (this.found(half) > 0) return;
    throw new InputError(
      `${who}: expected pictures in ${this.#source.name} for ${half}, got none that can be read; give more pictures`,
    );
  }

  /** What a reader of the result must know of the pictures. */
  get notes(): string[] {
    return HALVES.flatMap((half) => {
      const [found, asked] = [this.found(half), this.#picked[half].size];
      return found === asked
        ? []
        : [`${found} pictures in place of ${asked} for ${half}: the others were not there, or broken`];
    });
  }
}

/** The numbers 0 to count − 1 in a random order. */
function shuffled(count: number, seed: number): number[] {
  const draws = new Draws(seed, 0x9e37);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = draws.below(i + 1);
    [order[i], order[other]] = [order[other] as number, order[i] as number];
  }
  return order;
}

/** Places of a map that a fit reads, spread evenly with a start by chance; undefined for all of them. */
export function placesOf(
  places: number,
  most: number,
  seed: number,
  picture: number,
): Int32Array | undefined {
  if (places <= most) return undefined;
  const start = new Draws(seed, picture).unit();
  return Int32Array.from({ length: most }, (_, n) => Math.floor(((n + start) * places) / most));
}

import type { Pixels } from "../images/pixels.ts";

/** A picture of a data set. */
export interface SourcePicture {
  /** Name that finds the picture again: a path within the folder, a key within the archive, a number within the array. */
  readonly id: string;
  /** The picture's number in the whole data set, from 0. Broken pictures count; a shard keeps the numbers of the whole. */
  readonly index: number;
  readonly pixels: Pixels;
  /** The name of its class, as the data set says it. Absent where it says none. */
  readonly label?: string | undefined;
}

/** A picture of a data set that could not be read. */
export interface BrokenPicture {
  readonly id: string;
  readonly index: number;
  /** Tells what is wrong with it. */
  readonly error: Error;
}

/** How the pictures of a source are gone through. */
export interface SourceReadOptions {
  /** Is told of each picture that could not be read, which is then passed over. Without it such a picture ends the reading. */
  readonly onBroken?: ((broken: BrokenPicture) => void) | undefined;
  /**
   * The place within this source of the first picture to give, from 0; those before it are not decoded. Broken pictures count.
   * Default 0.
   */
  readonly from?: number | undefined;
  /** Pictures that are read and decoded ahead of the one that is used. Default 8. */
  readonly ahead?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pictures of a data set, one after another in a fixed order. Nothing is held in memory but the pictures read ahead.
 * Each `read` begins at the first picture again.
 */
export interface Source {
  /** What the data set is called, for messages: a folder's or a file's name. */
  readonly name: string;
  /** Number of pictures, broken ones among them. Absent where only the end of a stream tells it. */
  readonly count?: number | undefined;
  /** The names of the classes in the data set's order. Absent where it lists none. */
  readonly labels?: readonly string[] | undefined;
  /**
   * Hex digest of what the data set is: equal for two readings of the same files, unequal for other names, sizes or options. It does
   * not decode the pictures. A shard's differs from that of the whole.
   */
  digest(): Promise<string>;
  /**
   * @throws InputError at a broken picture, unless `onBroken` takes it; where a file is cut short, after the pictures that are whole.
   */
  read(options?: SourceReadOptions): AsyncIterable<SourcePicture>;
  /** `read()` without options. */
  [Symbol.asyncIterator](): AsyncIterator<SourcePicture>;
  /**
   * The pictures `i`, `i + n`, `i + 2n`, … of the data set, as a source; together the shards 0…n−1 are the whole.
   * @throws InputError when i is not one of 0…n−1.
   */
  shard(i: number, n: number): Source;
}

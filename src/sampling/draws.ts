import { hash32 } from "../kernels/masking.ts";

/**
 * Random numbers by counting, as random.wgsl draws them: the nth number of a seed and a stream is always the same, whatever
 * others drew.
 */
export class Draws {
  readonly #key: number;
  #element = 0;

  /** @param stream one for each child, so that children may be made in any order. */
  constructor(seed: number, stream: number) {
    this.#key = hash32(stream ^ hash32(seed));
  }

  /** A number in (0, 1): the midpoint of one of 2²⁴ equal cells. */
  unit(): number {
    const bits = hash32(hash32(this.#element++) ^ this.#key) >>> 8;
    return (bits + 0.5) / 2 ** 24;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of a list; undefined of an empty one. */
  of<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}

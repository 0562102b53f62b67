import { extname } from "node:path";
import type { Shape } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { writePng } from "../node/image.ts";
import { writeNpy } from "../node/npy.ts";
import { tryFile } from "../node/write.ts";
import { type Io, UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** What a command found: an array, and how to draw it. */
export interface Result {
  readonly data: Float32Array;
  readonly shape: Shape;
  /** Absent where there is no picture of it. */
  draw?(): Pixels;
}

/**
 * Checks --out, and tries it, before any work is done.
 * @throws UsageError when its kind is unknown. @throws InputError when it cannot be written.
 */
export async function outOf(values: Values, kinds: readonly string[]): Promise<string | undefined> {
  const out = values.text("out");
  if (out === undefined) return undefined;
  if (!kinds.includes(extname(out).toLowerCase())) {
    throw new UsageError(`--out expects a file that ends in ${kinds.join(" or ")}, got "${out}"`);
  }
  await tryFile(out, "--out");
  return out;
}

/** Writes a result as a picture or as an array, as the name's end says. */
export async function writeResult(out: string, result: Result, io: Io): Promise<void> {
  if (extname(out).toLowerCase() === ".npy") await writeNpy(out, result);
  else if (result.draw) await writePng(out, result.draw());
  io.err(`vitrine: wrote ${out}`);
}

export interface Summary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Share of the values that are exactly 0. */
  readonly zeros: number;
}

/** The numbers that describe an array at a glance; of a map with gaps, its known values. */
export function summaryOf(data: Float32Array): Summary {
  let [min, max, sum, zeros, known] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const value of data) {
    if (Number.isNaN(value)) continue;
    known++;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    zeros += Number(value === 0);
  }
  return { min, max, mean: sum / known, zeros: zeros / known };
}

/** Indices along each axis of an array's element. */
export function placeOf(index: number, shape: Shape): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .toReversed();
}

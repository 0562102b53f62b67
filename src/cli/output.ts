import { stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { Figure } from "../figures/drawing.ts";
import { rasterize } from "../figures/rasterize.ts";
import type { Shape } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { writePng } from "../node/image.ts";
import { writeNpy } from "../node/npy.ts";
import { tryFile, tryFolder, writeWhole } from "../node/write.ts";
import { STDIN } from "./image-names.ts";
import { type Io, UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The result of a command: an array, and how to draw it. */
export interface Result {
  readonly data: Float32Array;
  readonly shape: Shape;
  /** A figure with words, or a bare picture. Absent where there is none. */
  draw?(): Figure | Pixels;
}

/**
 * Checks --out, and tries it, before any work is done.
 * @throws UsageError when its kind is unknown. @throws InputError when it cannot be written.
 */
export async function outOf(values: Values, kinds: readonly string[]): Promise<string | undefined> {
  const out = values.text("out");
  if (out === undefined) return undefined;
  if (!kinds.includes(extname(out).toLowerCase())) {
    throw new UsageError(`--out expects a file that ends in ${listed(kinds)}, got "${out}"`);
  }
  await tryFile(out, "--out");
  return out;
}

/** The place for results of which each image has one: a file for one, a folder for several. */
export class Outputs {
  /** Path as it was given. */
  readonly path: string;
  readonly #kind: string;
  /** Absent where one file is meant. */
  readonly #folder: string | undefined;
  readonly #used = new Set<string>();

  private constructor(path: string, kind: string, folder: string | undefined) {
    this.path = path;
    this.#kind = kind;
    this.#folder = folder;
  }

  /**
   * Checks an option, and tries what it says, before any work is done: a file, a folder (whose files are of the first kind), or
   * "folder/*.npy", a folder with files of that kind.
   * @throws UsageError when the kind is unknown. @throws InputError when it cannot be written.
   */
  static async of(
    values: Values,
    option: "out" | "overlay",
    kinds: readonly [string, ...string[]],
  ): Promise<Outputs | undefined> {
    const path = values.text(option);
    if (path === undefined) return undefined;
    const kind = extname(path).toLowerCase();
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() || (kind === "" && path !== "") || /[\\/]$/.test(path)) {
      await tryFolder(path);
      return new Outputs(path, kinds[0], path);
    }
    if (!kinds.includes(kind)) {
      throw new UsageError(
        `--${option} expects a file that ends in ${listed(kinds)}, or a folder, got "${path}"`,
      );
    }
    if (basename(path) === `*${extname(path)}`) {
      await tryFolder(dirname(path));
      return new Outputs(path, kind, dirname(path));
    }
    await tryFile(path, `--${option}`);
    return new Outputs(path, kind, undefined);
  }

  /** True where each result gets a file of its own. */
  get isFolder(): boolean {
    return this.#folder !== undefined;
  }

  /** True where arrays are wanted, and not pictures. */
  get arrays(): boolean {
    return this.#kind === ".npy";
  }

  /** @throws UsageError where results of several images would go into one file. */
  assertFor(several: boolean, option: "out" | "overlay"): void {
    if (!several || this.#folder !== undefined) return;
    throw new UsageError(
      `--${option} expects a folder for several images, such as --${option} maps/, got "${this.path}"`,
    );
  }

  /** The file for an image's result: named after the image, with a number where two images have one name. */
  fileFor(image: string): string {
    if (this.#folder === undefined) return this.path;
    const stem = stemOf(image);
    for (let count = 1; ; count++) {
      const own = count === 1 ? stem : `${stem}-${count}`;
      // Some file systems take A and a for one.
      if (this.#used.has(own.toLowerCase())) continue;
      this.#used.add(own.toLowerCase());
      return join(this.#folder, `${own}${this.#kind}`);
    }
  }
}

/** An image's name as the name of a file: without its folder and its kind, and without what no file system likes. */
function stemOf(image: string): string {
  if (image === STDIN) return "stdin";
  const name = basename(image).replace(/\.(png|jpe?g|webp|tiff?|gif|avif|npy|npz)(?=$|[:#])/i, "");
  const plain = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|[.-]+$/g, "");
  return plain.slice(0, 100) || "image";
}

/** Ends of the files that a figure, or the array behind it, can be written to. */
export const FIGURE_OR_ARRAY = [".png", ".svg", ".npy"] as const;

/** Writes a result as a picture or as an array, as the name's end says. */
export async function writeResult(out: string, result: Result, io: Io): Promise<void> {
  if (extname(out).toLowerCase() === ".npy") await writeNpy(out, result);
  else if (result.draw) await writePicture(out, result.draw());
  io.err(`vitrine: wrote ${out}`);
}

async function writePicture(out: string, drawn: Figure | Pixels): Promise<void> {
  const vector = extname(out).toLowerCase() === ".svg";
  if (!("svg" in drawn)) await writePng(out, drawn);
  else if (vector) await writeWhole(out, new TextEncoder().encode(drawn.svg), "image");
  else await writePng(out, await rasterize(drawn));
}

/** "a, b or c". */
function listed(kinds: readonly string[]): string {
  return [kinds.slice(0, -1).join(", "), ...kinds.slice(-1)].filter(Boolean).join(" or ");
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

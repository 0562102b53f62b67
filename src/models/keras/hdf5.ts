import { type Dataset, File, Group } from "jsfive";
import { ModelError, UnsupportedError, VitrineError } from "../../gpu/errors.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import { someOf } from "../files.ts";
import type { YieldToEventLoop } from "../yield-to-event-loop.ts";

/** Groups and arrays of a file, at most, and how deep they may lie in one another. */
const MOST_OBJECTS = 200_000;
const MOST_DEPTH = 64;

/** Values of an array, at most: what a GPU can address. */
const MOST_VALUES = 2 ** 32;

/** More than deflate can: an array that claims more bytes for those of its file is wrong. */
const DEFLATE_RATIO = 1100;

/** Numbers that become 32-bit floats. */
const NUMBER = /^[<>|]?[fiu]([1248])$/;

/** An HDF5 file: its attributes, and the arrays in it by their paths. */
export class Hdf5File {
  readonly #root: File;
  readonly #who: string;
  readonly #bytes: number;

  /** @throws ModelError when the bytes are no HDF5 file that is whole. */
  constructor(bytes: ArrayBuffer, name: string, who: string) {
    this.#who = who;
    this.#bytes = bytes.byteLength;
    const whole = this.#reading("its first block", () => wholeLength(bytes));
    if (whole > bytes.byteLength) {
      throw new ModelError(`${who}: expected ${whole} bytes, got ${bytes.byteLength}; the file is truncated`);
    }
    this.#root = this.#reading("its first block", () => new File(bytes, name));
  }

  /** Names of what lies directly in the file. */
  get names(): readonly string[] {
    return this.#reading("its names", () => this.#root.keys);
  }

  /** An attribute of the file that is text; undefined where it is not there. */
  text(name: string): string | undefined {
    const value = this.#reading(`attribute ${name}`, () => this.#root.attrs[name]);
    return typeof value === "string" ? value : undefined;
  }

  /** True if the file has the attribute. */
  has(name: string): boolean {
    return this.#reading(`attribute ${name}`, () => name in this.#root.attrs);
  }

  /**
   * Paths of all arrays in a group of the file, from that group, with what reads each. Backslashes, which Keras wrote on
   * Windows, are slashes.
   */
  arrays(group?: string): ReadonlyMap<string, () => Constant> {
    const found = new Map<string, () => Constant>();
    const start = group === undefined ? this.#root : this.#reading(group, () => this.#root.get(group));
    let objects = 0;
    const walk = (at: Group, path: string, depth: number): void => {
      for (const name of this.#reading(path, () => at.keys)) {
        const inner = path === "" ? name : `${path}/${name}`;
        objects++;
        if (objects > MOST_OBJECTS || depth > MOST_DEPTH) {
          throw new ModelError(
            `${this.#who}: expected at most ${MOST_OBJECTS} groups and arrays, ${MOST_DEPTH} deep, got more at "${inner.slice(0, 80)}"`,
          );
        }
        const child = this.#reading(inner, () => at.get(name));
        if (child instanceof Group) walk(child, inner, depth + 1);
        else if (child) found.set(inner.replaceAll("\\", "/"), () => this.#read(child, inner));
      }
    };
    if (start instanceof Group) walk(start, "", 0);
    return found;
  }

  #read(array: Dataset, path: string): Constant {
    const array32 = `array "${path}"`;
    const { shape, dtype } = this.#reading(array32, () => ({ shape: array.shape, dtype: array.dtype }));
    const [, width] = (typeof dtype === "string" ? NUMBER.exec(dtype) : undefined) ?? [];
    if (width === undefined) {
      const got = typeof dtype === "string" ? dtype : "values of another kind";
      throw new UnsupportedError(`${this.#who}: expected numbers in ${array32}, got ${got}`);
    }
    const values = sizeOf(shape);
    if (values > MOST_VALUES || values * Number(width) > this.#bytes * DEFLATE_RATIO) {
      throw new ModelError(
        `${this.#who}: expected ${array32} of at most ${MOST_VALUES} values, and no more than the file can hold, got ${values}`,
      );
    }
    const data = this.#reading(array32, () => Float32Array.from(array.value, Number));
    if (data.length !== values) {
      throw new ModelError(
        `${this.#who}: expected ${values} values in ${array32}, got ${data.length}; the file is truncated`,
      );
    }
    return { shape: [...shape], data };
  }

  /** Whatever the library meets in a damaged file becomes one error. */
  #reading<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof VitrineError) throw error;
      const got = error instanceof Error ? error.message : String(error);
      throw new ModelError(
        `${this.#who}: expected to read ${what}, got "${got.slice(0, 120)}"; the file is damaged, or written in a way that Keras does not write: save it with h5py's default libver`,
      );
    }
  }
}

/** The length that a file says it has, as its first block tells in the versions that there are. */
function wholeLength(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  return Number(view.getBigUint64(view.getUint8(8) < 2 ? 40 : 28, true));
}

/** Reads the arrays of some paths, in turns with the event loop. */
export async function readArrays(
  arrays: ReadonlyMap<string, () => Constant>,
  yielding: YieldToEventLoop,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<Map<string, Constant>> {
  const read = new Map<string, Constant>();
  for (const [name, array] of arrays) {
    await yielding.whenDue();
    read.set(name, array());
    onProgress?.(read.size / arrays.size);
  }
  return read;
}

/** Says that a file has weights and no layers. */
export function weightsOnly(who: string, names: readonly string[]): UnsupportedError {
  return new UnsupportedError(
    `${who}: expected a Keras model, got its weights alone (${someOf(names, "nothing")}), without the layers that they belong to; in Python, build the model, load them into it and save it with model.save('model.keras')`,
  );
}

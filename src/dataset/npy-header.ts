import { InputError, UnsupportedError } from "../gpu/errors.ts";
import type { Shape } from "../gpu/tensor.ts";

/** First bytes of a NumPy file. */
export const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/** NumPy itself has no more than 64. */
const MOST_AXES = 64;

const DTYPES = ["f2", "f4", "f8", "b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"] as const;

/** Kind of a value (float, boolean, unsigned, integer) and its bytes. */
export type DType = (typeof DTYPES)[number];

const isDType = (dtype: string): dtype is DType => (DTYPES as readonly string[]).includes(dtype);

/** Header of a NumPy file, and the offset of its values. */
export interface NpyHeader {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly start: number;
}

/**
 * Reads the header of a NumPy file (.npy 1.0 to 3.0).
 * @param view the file's bytes, or as many of the first as hold the header.
 * @throws InputError for damaged files. @throws UnsupportedError for another dtype.
 */
export function npyHeader(view: DataView, who: string): NpyHeader {
  if (view.byteLength < 10 || NPY_MAGIC.some((byte, i) => view.getUint8(i) !== byte))
    throw new InputError(`${who}: expected a NumPy array file, got another kind`);
  const long = view.getUint8(6) >= 2;
  const start = long ? 12 : 10;
  const length =
    view.byteLength < start
      ? Number.POSITIVE_INFINITY
      : long
        ? view.getUint32(8, true)
        : view.getUint16(8, true);
  if (start + length > view.byteLength)
    throw new InputError(`${who}: expected a header of ${length} bytes, got ${view.byteLength - start}`);
  const header = new TextDecoder("latin1").decode(
    new Uint8Array(view.buffer, view.byteOffset + start, length),
  );
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const axes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (order === undefined || axes === undefined || (descr === undefined && !header.includes("'descr'"))) {
    throw new InputError(
      `${who}: expected a header with descr, fortran_order and shape, got ${header.trim().slice(0, 80)}`,
    );
  }
  const [, mark, dtype = ""] = /^([<>|=]?)([a-z]\d)$/.exec(descr ?? "") ?? [];
  if (!isDType(dtype)) {
    throw new UnsupportedError(
      `${who}: expected dtype ${DTYPES.join(", ")}, got ${descr?.slice(0, 40) ?? "a record"}; save it with .astype('<f4')`,
    );
  }
  const shape = axes
    .split(",")
    .filter((axis) => axis.trim() !== "")
    .map(Number);
  if (shape.length > MOST_AXES || !shape.every(Number.isSafeInteger)) {
    throw new InputError(
      `${who}: expected at most ${MOST_AXES} axes of whole numbers, got ${axes.trim().slice(0, 60)}`,
    );
  }
  return { shape, dtype, little: mark !== ">", fortran: order === "True", start: start + length };
}

/** The values of an array of integers. */
export function integers(view: DataView, { dtype, little, start }: NpyHeader): number[] {
  const bytes = Number(dtype[1]);
  const signed = dtype.startsWith("i");
  const read = (at: number): number => {
    if (bytes === 1) return signed ? view.getInt8(at) : view.getUint8(at);
    if (bytes === 2) return signed ? view.getInt16(at, little) : view.getUint16(at, little);
    if (bytes === 4) return signed ? view.getInt32(at, little) : view.getUint32(at, little);
    return Number(signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little));
  };
  return Array.from({ length: Math.floor((view.byteLength - start) / bytes) }, (_, i) =>
    read(start + i * bytes),
  );
}

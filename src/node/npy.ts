import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { fromFloat16 } from "../models/weights.ts";
import { readRegular } from "./read.ts";
import { writeWhole } from "./write.ts";

/** An array of a NumPy file, row-major. */
export interface NpyArray {
  readonly shape: Shape;
  readonly data: Float32Array;
  /** Type of a value in the file: "f4" a float, "u1" a byte, as NumPy writes it but for the order of the bytes. */
  readonly dtype?: string | undefined;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy itself has no more than 64. */
const MOST_AXES = 64;

/** Readers of a value of each dtype; we give the second argument of a DataView's methods. */
const READERS: Readonly<
  Record<string, { readonly bytes: number; read(view: DataView, at: number, little: boolean): number }>
> = {
  f2: { bytes: 2, read: (view, at, little) => fromFloat16(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  b1: { bytes: 1, read: (view, at) => Number(view.getUint8(at) !== 0) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
};

/** Header of a NumPy file, and the offset of its values. */
interface Header {
  readonly shape: Shape;
  readonly dtype: string;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly start: number;
}

/**
 * Reads a NumPy array file (.npy 1.0 to 3.0): floats of 16 to 64 bits, integers of 8 to 64, booleans, in either order of
 * bytes and of axes, rounded to 32-bit floats.
 *
 * npyjs 1.2 would read most of it, but no big-endian values and no Fortran order, and it checks no length.
 * @throws InputError for damaged files. @throws UnsupportedError for another dtype.
 */
export function decodeNpy(bytes: ArrayBuffer | Uint8Array, name = "array"): NpyArray {
  const who = `npy "${name}"`;
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) {
    throw new InputError(`${who}: expected its bytes, got ${describe(bytes)}; readNpy(path) reads a file`);
  }
  const view =
    bytes instanceof Uint8Array
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new DataView(bytes);
  const { shape, dtype, little, fortran, start } = headerOf(view, who);
  const reader = READERS[dtype];
  if (!reader) throw new Error(`${who}: expected a reader of ${dtype}`);
  const expected = sizeOf(shape) * reader.bytes;
  const got = view.byteLength - start;
  if (got !== expected)
    throw new InputError(`${who}: expected ${expected} bytes for ${formatShape(shape)}, got ${got}`);
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = reader.read(view, start + i * reader.bytes, little);
  return { shape, data: fortran && shape.length > 1 ? rowMajor(data, shape) : data, dtype };
}

function headerOf(view: DataView, who: string): Header {
  if (view.byteLength < 10 || MAGIC.some((byte, i) => view.getUint8(i) !== byte))
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
  if (!Object.hasOwn(READERS, dtype)) {
    throw new UnsupportedError(
      `${who}: expected dtype ${Object.keys(READERS).join(", ")}, got ${descr?.slice(0, 40) ?? "a record"}; save it with .astype('<f4')`,
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

/** Values whose first axis runs fastest, with the last axis fastest. */
function rowMajor(data: Float32Array, shape: Shape): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  return Float32Array.from({ length: data.length }, () => {
    const value = data[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size, stride, at] = [shape[axis] ?? 1, strides[axis] ?? 1, place[axis] ?? 0];
      if (at + 1 < size) {
        place[axis] = at + 1;
        from += stride;
        break;
      }
      place[axis] = 0;
      from -= at * stride;
    }
    return value;
  });
}

/** An array as a .npy 1.0 file: f4, C order. @throws InputError when shape and values do not agree. */
export function encodeNpy(array: NpyArray): ArrayBuffer {
  if (!Array.isArray(array?.shape) || !(array.data instanceof Float32Array)) {
    throw new InputError(`npy: expected an array { shape, data: Float32Array }, got ${describe(array)}`);
  }
  const { shape, data } = array;
  if (data.length !== sizeOf(shape)) {
    throw new InputError(
      `npy: expected ${sizeOf(shape)} values for ${formatShape(shape)}, got ${data.length}`,
    );
  }
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  // NumPy aligns the values to 64 bytes.
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const bytes = new ArrayBuffer(10 + padded.length + data.length * 4);
  const head = new Uint8Array(bytes, 0, 10 + padded.length);
  head.set([...MAGIC, 1, 0, 0, 0]);
  head.set(new TextEncoder().encode(padded), 10);
  new DataView(bytes).setUint16(8, padded.length, true);
  new Uint8Array(bytes, 10 + padded.length).set(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return bytes;
}

/** Reads a .npy file; see {@link decodeNpy}. */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readRegular(path, `npy "${path}"`), path);
}

/** Writes a .npy file, whole or not at all; see {@link encodeNpy}. */
export async function writeNpy(path: string, array: NpyArray): Promise<void> {
  await writeWhole(path, new Uint8Array(encodeNpy(array)), "npy");
}

import { type DType, NPY_MAGIC, npyHeader } from "../dataset/npy-header.ts";
import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { fromFloat16 } from "../models/weights.ts";
import { readRegular } from "./read.ts";
import { writeWhole } from "./write.ts";

/** An array of a NumPy file, row-major. */
export interface NpyArray<T extends Float32Array | Float64Array = Float32Array> {
  readonly shape: Shape;
  readonly data: T;
  /** Type of a value in the file: "f4" a float, "u1" a byte, as NumPy writes it but for the order of the bytes. */
  readonly dtype?: string | undefined;
}

/** Readers of a value of each dtype; we give the second argument of a DataView's methods. */
const READERS: Readonly<Record<DType, (view: DataView, at: number, little: boolean) => number>> = {
  f2: (view, at, little) => fromFloat16(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  b1: (view, at) => Number(view.getUint8(at) !== 0),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
};

/**
 * Reads a NumPy array file (.npy 1.0 to 3.0): floats of 16 to 64 bits, integers of 8 to 64, booleans, in either order of
 * bytes and of axes, rounded to 32-bit floats.
 *
 * npyjs 1.2 would read most of it, but no big-endian values and no Fortran order, and it checks no length.
 * @throws InputError for damaged files. @throws UnsupportedError for another dtype.
 */
export function decodeNpy(bytes: ArrayBuffer | Uint8Array, name = "array"): NpyArray {
  return decodeAs(bytes, name, (length) => new Float32Array(length));
}

/** The same in 64-bit floats, to the bit. */
export function decodeNpy64(bytes: ArrayBuffer | Uint8Array, name = "array"): NpyArray<Float64Array> {
  return decodeAs(bytes, name, (length) => new Float64Array(length));
}

function decodeAs<T extends Float32Array | Float64Array>(
  bytes: ArrayBuffer | Uint8Array,
  name: string,
  empty: (length: number) => T,
): NpyArray<T> {
  const who = `npy "${name}"`;
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) {
    throw new InputError(`${who}: expected its bytes, got ${describe(bytes)}; readNpy(path) reads a file`);
  }
  const view =
    bytes instanceof Uint8Array
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new DataView(bytes);
  const { shape, dtype, little, fortran, start } = npyHeader(view, who);
  const read = READERS[dtype];
  const each = Number(dtype[1]);
  const expected = sizeOf(shape) * each;
  const got = view.byteLength - start;
  if (got !== expected)
    throw new InputError(`${who}: expected ${expected} bytes for ${formatShape(shape)}, got ${got}`);
  const data = empty(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = read(view, start + i * each, little);
  return { shape, data: fortran && shape.length > 1 ? rowMajor(data, shape, empty) : data, dtype };
}

/** Values whose first axis runs fastest, with the last axis fastest. */
function rowMajor<T extends Float32Array | Float64Array>(
  data: T,
  shape: Shape,
  empty: (length: number) => T,
): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const place = new Array<number>(shape.length).fill(0);
  const sorted = empty(data.length);
  let from = 0;
  for (let i = 0; i < data.length; i++) {
    sorted[i] = data[from] ?? 0;
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
  }
  return sorted;
}

/** An array as a .npy 1.0 file: f4 or f8, C order. @throws InputError when shape and values do not agree. */
export function encodeNpy(array: NpyArray<Float32Array | Float64Array>): ArrayBuffer {
  const isFloats = array?.data instanceof Float32Array || array?.data instanceof Float64Array;
  if (!Array.isArray(array?.shape) || !isFloats) {
    throw new InputError(`npy: expected an array { shape, data: Float32Array }, got ${describe(array)}`);
  }
  const { shape, data } = array;
  if (data.length !== sizeOf(shape)) {
    throw new InputError(
      `npy: expected ${sizeOf(shape)} values for ${formatShape(shape)}, got ${data.length}`,
    );
  }
  const head = headOfNpy(shape, data instanceof Float64Array ? "<f8" : "<f4");
  const bytes = new ArrayBuffer(head.length + data.byteLength);
  new Uint8Array(bytes).set(head);
  new Uint8Array(bytes, head.length).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return bytes;
}

/**
 * The bytes before the values of a .npy 1.0 file, in C order; NumPy aligns the values to 64 bytes.
 * @param room bytes that they take at least, so that a shape which grows still fits.
 */
export function headOfNpy(shape: Shape, dtype: "<f4" | "<f8", room = 0): Uint8Array {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${axes}), }`;
  const length = Math.max(room, Math.ceil((10 + header.length + 1) / 64) * 64);
  const padded = `${header.padEnd(length - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length);
  bytes.set([...NPY_MAGIC, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
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

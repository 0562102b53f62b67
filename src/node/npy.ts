import { readFile, writeFile } from "node:fs/promises";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";

/** An array of a NumPy file, row-major. */
export interface NpyArray {
  readonly shape: Shape;
  readonly data: Float32Array;
}

const MAGIC = "\x93NUMPY";

/** How each dtype of a NumPy header becomes 32-bit floats. */
const DECODERS: Readonly<
  Record<string, { readonly bytes: number; readonly decode: (bytes: ArrayBuffer) => Float32Array }>
> = {
  "<f4": { bytes: 4, decode: (bytes) => new Float32Array(bytes) },
  "<f8": { bytes: 8, decode: (bytes) => Float32Array.from(new Float64Array(bytes)) },
  "|u1": { bytes: 1, decode: (bytes) => Float32Array.from(new Uint8Array(bytes)) },
};

/**
 * Reads a NumPy array file (.npy 1.0 to 3.0): f4, f8 (rounded to f4) and u1, little-endian, C order.
 * @throws InputError for damaged files. @throws UnsupportedError for another dtype or Fortran order.
 */
export function decodeNpy(bytes: ArrayBuffer, name = "array"): NpyArray {
  const who = `npy "${name}"`;
  const view = new DataView(bytes);
  const text = (start: number, length: number) =>
    String.fromCharCode(...new Uint8Array(bytes, start, length));
  if (bytes.byteLength < 10 || text(0, 6) !== MAGIC)
    throw new InputError(`${who}: expected a NumPy array file, got another kind`);
  const long = view.getUint8(6) >= 2;
  const start = long ? 12 : 10;
  const length =
    bytes.byteLength < start
      ? Number.POSITIVE_INFINITY
      : long
        ? view.getUint32(8, true)
        : view.getUint16(8, true);
  if (start + length > bytes.byteLength)
    throw new InputError(`${who}: expected a header of ${length} bytes, got ${bytes.byteLength - start}`);
  const header = text(start, length);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const axes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (order === undefined || axes === undefined || (descr === undefined && !header.includes("'descr'"))) {
    throw new InputError(
      `${who}: expected a header with descr, fortran_order and shape, got ${header.trim().slice(0, 80)}`,
    );
  }
  const decoder = DECODERS[descr ?? ""];
  if (!decoder) {
    throw new UnsupportedError(
      `${who}: expected dtype ${Object.keys(DECODERS).join(", ")}, got ${descr ?? "a record"}; save it with .astype('<f4')`,
    );
  }
  const shape = axes
    .split(",")
    .filter((axis) => axis.trim() !== "")
    .map(Number);
  if (order === "True" && shape.length > 1) {
    throw new UnsupportedError(
      `${who}: expected C order, got Fortran order; save numpy.ascontiguousarray(a)`,
    );
  }
  const expected = sizeOf(shape) * decoder.bytes;
  const got = bytes.byteLength - start - length;
  if (got !== expected)
    throw new InputError(`${who}: expected ${expected} bytes for ${formatShape(shape)}, got ${got}`);
  return { shape, data: decoder.decode(bytes.slice(start + length)) };
}

/** An array as a .npy 1.0 file: f4, C order. @throws InputError when shape and values do not agree. */
export function encodeNpy({ shape, data }: NpyArray): ArrayBuffer {
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
  head.set(Array.from(`${MAGIC}\x01\x00\x00\x00${padded}`, (character) => character.charCodeAt(0)));
  new DataView(bytes).setUint16(8, padded.length, true);
  new Uint8Array(bytes, 10 + padded.length).set(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return bytes;
}

/** Reads a .npy file; see {@link decodeNpy}. */
export async function readNpy(path: string): Promise<NpyArray> {
  const file = await readFile(path).catch((error: Error) => {
    throw new InputError(`npy "${path}": expected to read it, got ${error.message}`);
  });
  return decodeNpy(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength), path);
}

/** Writes a .npy file; see {@link encodeNpy}. */
export async function writeNpy(path: string, array: NpyArray): Promise<void> {
  await writeFile(path, new Uint8Array(encodeNpy(array))).catch((error: Error) => {
    throw new InputError(`npy "${path}": expected to write it, got ${error.message}`);
  });
}

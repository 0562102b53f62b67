import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { type ByteFile, Pieces } from "./bytes.ts";
import { type Stream, unpacked } from "./records.ts";

/** Tells whether a file that begins so is an IDX file of bytes. */
export function beginsIdx(bytes: Uint8Array): boolean {
  const [a, b, type, axes = 0] = bytes;
  return a === 0 && b === 0 && type === 8 && axes >= 1 && axes <= 4;
}

export const beginsGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What an IDX file says that it is. */
export interface IdxHeader {
  readonly shape: readonly number[];
  /** Place of the first value, in the file or in what it unpacks to. */
  readonly start: number;
  readonly stream: Stream;
}

/** @throws InputError when it is no IDX file of bytes, or one of another length. */
export async function idxHeader(file: ByteFile, who: string): Promise<IdxHeader> {
  const open = await file.open();
  try {
    const packed = beginsGzip(await open.read(0, Math.min(2, file.size))) ? ("gzip" as const) : undefined;
    const stream = { from: 0, to: file.size, packed };
    const bytes = new Pieces(unpacked(open, stream, who), who);
    try {
      const magic = await bytes.take(4);
      if (!beginsIdx(magic)) throw new InputError(`${who}: expected an IDX file of bytes, got another kind`);
      const axes = magic[3] ?? 0;
      const view = new DataView((await bytes.take(4 * axes)).buffer);
      const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 * i));
      const start = 4 + 4 * axes;
      if (!packed && file.size !== start + sizeOf(shape)) {
        throw new InputError(
          `${who}: expected ${sizeOf(shape)} bytes for ${formatShape(shape)}, got ${file.size - start}; the file is cut short or damaged`,
        );
      }
      return { shape, start, stream };
    } finally {
      await bytes.close();
    }
  } finally {
    await open.close();
  }
}

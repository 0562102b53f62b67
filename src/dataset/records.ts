import { type Pixels, pixelsFromImageData } from "../images/pixels.ts";
import { type ByteFile, inflated, type OpenFile, Pieces, pieces, within } from "./bytes.ts";
import type { SourceItem } from "./source-of.ts";

/** Pictures of equal length, one after another in a file or in a part of it. */
export interface Records {
  readonly file: ByteFile;
  /** Place of the first, in bytes: within the file, or within the stream. */
  readonly start: number;
  /** Bytes of each. */
  readonly length: number;
  readonly count: number;
  /** The part of the file that is read from its beginning to its end, and how it is compressed. Absent: any record can be read by itself. */
  readonly stream?: Stream | undefined;
  pixels(record: Uint8Array): Pixels;
  /** The label of a picture by its number; where records come in a stream, also by its record. */
  label?(number: number, record: Uint8Array | undefined): string | undefined;
}

export interface Stream {
  readonly from: number;
  readonly to: number;
  readonly packed?: "gzip" | "deflate-raw" | undefined;
}

/** The bytes of a stream, unpacked. */
export function unpacked(
  open: OpenFile,
  { from, to, packed }: Stream,
  who: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const plain = pieces(open, from, to, signal);
  return packed ? inflated(plain, packed, who) : plain;
}

/** The pictures of a file's records. Those that nobody wants are not read, unless they stand in a stream. */
export function recordItems(records: Records, who: string, signal: AbortSignal): AsyncIterable<SourceItem> {
  const { file, start, length, count, stream, pixels, label } = records;
  const item = (number: number, read: () => Promise<Uint8Array>, record?: Uint8Array): SourceItem => ({
    id: `${number}`,
    label: label?.(number, record),
    load: async () => pixels(await read()),
  });
  return within(file, async function* (open, begun) {
    if (!stream) {
      for (let i = 0; i < count; i++) {
        const from = start + i * length;
        yield item(i, () => begun(open.read(from, from + length)));
      }
      return;
    }
    const bytes = new Pieces(unpacked(open, stream, who, signal), who);
    try {
      await bytes.take(start);
      for (let i = 0; i < count; i++) {
        const record = await bytes.take(length);
        yield item(i, async () => record, record);
      }
      await bytes.end();
    } finally {
      await bytes.close();
    }
  });
}

/** Values [H, W, C] of 0…255 as pixels: grey, RGB, or RGBA over white. */
export function pixelsOfArray(data: Uint8Array, height: number, width: number, channels: number): Pixels {
  if (channels === 3) return { width, height, data };
  if (channels === 4) return pixelsFromImageData({ width, height, data });
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)] ?? 0),
  };
}

import { assertPixels, type Pixels } from "./pixels.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Pixels as the bytes of a PNG file, 8-bit RGB, the same bits in a browser, a worker and Node. In a browser,
 * `new Blob([await encodePng(pixels)], { type: "image/png" })` is what a link downloads.
 * @throws InputError when the pixels do not fit their size.
 */
export async function encodePng(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  assertPixels(pixels);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, pixels.width);
  header.setUint32(4, pixels.height);
  // 8 bits, RGB; deflate, adaptive filters, not interlaced.
  for (const [i, value] of [8, 2, 0, 0, 0].entries()) header.setUint8(8 + i, value);
  const packed = new Blob([filtered(pixels)]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array()),
  ];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Rows, each with the filter (none, left or above) whose differences are least (PNG, section 12.8). */
function filtered({ width, height, data }: Pixels): Uint8Array<ArrayBuffer> {
  const stride = 3 * width;
  const out = new Uint8Array(height * (stride + 1));
  const tries = [0, 1, 2].map(() => new Uint8Array(stride));
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * stride, (y + 1) * stride);
    const above = y > 0 ? data.subarray((y - 1) * stride, y * stride) : new Uint8Array(stride);
    const [none, left, up] = tries as [Uint8Array, Uint8Array, Uint8Array];
    for (let i = 0; i < stride; i++) {
      const value = row[i] ?? 0;
      none[i] = value;
      left[i] = value - (i < 3 ? 0 : (row[i - 3] ?? 0));
      up[i] = value - (above[i] ?? 0);
    }
    const costs = tries.map((bytes) =>
      bytes.reduce((sum, byte) => sum + (byte < 128 ? byte : 256 - byte), 0),
    );
    const best = costs.indexOf(Math.min(...costs));
    out[y * (stride + 1)] = best;
    out.set(tries[best] ?? row, y * (stride + 1) + 1);
  }
  return out;
}

/** Length, name, data and the checksum of both. */
function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (CRC[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

import { InputError, UnsupportedError } from "../gpu/errors.ts";
import type { OpenFile } from "./bytes.ts";
import type { Stream } from "./records.ts";

/** A file of a zip archive, as its directory has it. */
export interface ZipEntry {
  readonly path: string;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** How it is packed: 0 not at all, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  /** Place of its own header. */
  readonly at: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/** Its comment may be as long. */
const MOST_END = 22 + 65_535;

/** Values that stand in the part for large archives instead. */
const [LARGE_16, LARGE_32] = [0xffff, 0xffff_ffff];

/** More than deflate can: a directory that claims more is wrong. */
const DEFLATE_RATIO = 1100;

/**
 * The files of a zip archive, read from the directory at its end; APPNOTE.TXT of PKWARE, sections 4.3 and 4.5. fflate unpacks
 * archives that are in memory as a whole, and has no way to read an entry of a file.
 * @throws InputError when the archive is damaged or cut short.
 */
export async function zipDirectory(open: OpenFile, size: number, who: string): Promise<ZipEntry[]> {
  const damaged = (what: string): InputError =>
    new InputError(`${who}: expected a zip archive that is whole, got ${what}`);
  const view = async (from: number, to: number): Promise<DataView> => {
    if (!(from >= 0 && from <= to && to <= size)) throw damaged("a directory outside of it");
    return new DataView((await open.read(from, to)).buffer);
  };
  const tailAt = Math.max(0, size - MOST_END);
  const tail = await view(tailAt, size);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw damaged("none of its directory; is it cut short?");
  let count = tail.getUint16(end + 10, true);
  let length = tail.getUint32(end + 12, true);
  let start = tail.getUint32(end + 16, true);
  if (count === LARGE_16 || length === LARGE_32 || start === LARGE_32) {
    const locator = await view(tailAt + end - 20, tailAt + end);
    if (locator.getUint32(0, true) !== END64_LOCATOR) throw damaged("no directory of a large archive");
    const at = Number(locator.getBigUint64(8, true));
    const large = await view(at, at + 56);
    if (large.getUint32(0, true) !== END64) throw damaged("no directory of a large archive");
    count = Number(large.getBigUint64(32, true));
    length = Number(large.getBigUint64(40, true));
    start = Number(large.getBigUint64(48, true));
  }
  const directory = await view(start, start + length);
  const entries: ZipEntry[] = [];
  let at = 0;
  try {
    for (let i = 0; i < count; i++) {
      if (directory.getUint32(at, true) !== ENTRY) throw damaged(`no entry ${i} in its directory`);
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) =>
        directory.getUint16(at + place, true),
      ) as [number, number, number];
      entries.push(entryAt(directory, at, nameLength, extraLength));
      at += 46 + nameLength + extraLength + commentLength;
    }
  } catch (error) {
    throw error instanceof InputError ? error : damaged("a directory that ends too early");
  }
  return entries;
}

function entryAt(directory: DataView, at: number, nameLength: number, extraLength: number): ZipEntry {
  const flags = directory.getUint16(at + 8, true);
  const name = new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength);
  let packed = directory.getUint32(at + 20, true);
  let size = directory.getUint32(at + 24, true);
  let place = directory.getUint32(at + 42, true);
  const extraEnd = at + 46 + nameLength + extraLength;
  for (let extra = at + 46 + nameLength; extra + 4 <= extraEnd; ) {
    const length = directory.getUint16(extra + 2, true);
    if (directory.getUint16(extra, true) === 1) {
      // Of the three, those that did not fit stand here in this order.
      let next = extra + 4;
      const large = (value: number): number => {
        if (value !== LARGE_32) return value;
        next += 8;
        return Number(directory.getBigUint64(next - 8, true));
      };
      size = large(size);
      packed = large(packed);
      place = large(place);
    }
    extra += 4 + length;
  }
  return {
    // Bit 11 says UTF-8; archivers that do not set it write ASCII, or UTF-8 all the same.
    path: new TextDecoder().decode(name).replaceAll("\\", "/"),
    ...{ packed, size, at: place },
    method: directory.getUint16(at + 10, true),
    encrypted: (flags & 1) === 1,
  };
}

/**
 * The place of an entry's bytes, and how they are packed.
 * @throws InputError when the entry is damaged. @throws UnsupportedError for an encrypted one, or one packed in another way.
 */
export async function zipStream(open: OpenFile, entry: ZipEntry, who: string): Promise<Stream> {
  const { path, at, packed, size, method, encrypted } = entry;
  if (encrypted || (method !== 0 && method !== 8)) {
    const got = encrypted ? "an encrypted one" : `method ${method}`;
    throw new UnsupportedError(`${who}: expected "${path}" stored or deflated, got ${got}; pack it anew`);
  }
  if (size > 2 ** 26 + DEFLATE_RATIO * packed || (method === 0 && size !== packed)) {
    throw new InputError(`${who}: expected "${path}" of ${packed} bytes, got a claim of ${size}`);
  }
  const header = new DataView((await open.read(at, at + 30)).buffer);
  if (header.getUint32(0, true) !== LOCAL) {
    throw new InputError(`${who}: expected the header of "${path}", got other bytes; the archive is damaged`);
  }
  const from = at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  return { from, to: from + packed, packed: method === 8 ? "deflate-raw" : undefined };
}

import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { type ArrayLabelOptions, arrayLabels } from "./array-labels.ts";
import { type ByteFile, byteFile, type DataFile, Pieces } from "./bytes.ts";
import { joined } from "./joined.ts";
import { integers, NPY_MAGIC, type NpyHeader, npyHeader } from "./npy-header.ts";
import { pixelsOfArray, recordItems, type Stream, unpacked } from "./records.ts";
import type { Source } from "./source.ts";
import { type SourceParts, sourceOf } from "./source-of.ts";
import { zipDirectory, zipStream } from "./zip-directory.ts";

export interface NpySourceOptions extends ArrayLabelOptions {
  /** The name of the array of pictures in a .npz file that has several. */
  readonly array?: string | undefined;
}

const NPY: Fields<NpySourceOptions> = { array: "may", labels: "may", classes: "may" };

/**
 * The pictures of a NumPy array of bytes: [N, H, W] grey, or [N, H, W, C] with 1, 3 or 4 channels; of a .npy or a .npz file. A picture's
 * id is its number. In a .npz file, an array of integers of as many values, whose name says label, class, target or y, holds the labels.
 * @throws InputError for a damaged file, one without such an array, or labels of another number. @throws UnsupportedError for floats,
 * and for arrays in Fortran's order.
 */
export async function npySource(file: DataFile, options: NpySourceOptions = {}): Promise<Source> {
  return sourceOf(joined("", [await npyParts(byteFile(file, "npySource"), options)]));
}

/** An array of a file: where it stands, and what it says that it is. */
interface Found extends NpyHeader {
  readonly name: string;
  readonly stream: Stream;
  readonly length: number;
}

/** The longest header of the first version, with what stands before it. */
const MOST_HEADER = 10 + 65_535;

export async function npyParts(file: ByteFile, options: NpySourceOptions = {}): Promise<SourceParts> {
  assertFields("npySource", options, NPY);
  const who = `data set "${file.name}"`;
  const open = await file.open();
  try {
    const found = await arraysIn(file, open, who);
    const pictures = picturesAmong(found, options.array, who);
    const [count = 0, height = 0, width = 0, channels = 1] = pictures.shape;
    assertLayout(pictures, who);
    const given = options.labels ?? (await labelsBeside(found, pictures, open, who));
    const { labels, labelOf, numbers } = await arrayLabels(given, count, options.classes, who);
    const { stream, start, shape, name } = pictures;
    const records = {
      ...{ file, count, label: labelOf, length: height * width * channels },
      ...(stream.packed ? { stream, start } : { start: stream.from + start }),
      pixels: (record: Uint8Array) => pixelsOfArray(record, height, width, channels),
    };
    return {
      name: file.name,
      count,
      labels,
      identity: () => ["npy", file.size, name, shape, numbers, labels],
      items: (signal) => recordItems(records, who, signal),
    };
  } finally {
    await open.close();
  }
}

type Opened = Awaited<ReturnType<ByteFile["open"]>>;

/** Bytes from the beginning of an array. */
async function beginning(open: Opened, stream: Stream, length: number, who: string): Promise<DataView> {
  const bytes = new Pieces(unpacked(open, stream, who), who);
  try {
    return new DataView((await bytes.take(length)).buffer);
  } finally {
    await bytes.close();
  }
}

async function arraysIn(file: ByteFile, open: Opened, who: string): Promise<Found[]> {
  const magic = await open.read(0, Math.min(file.size, NPY_MAGIC.length));
  if (NPY_MAGIC.every((byte, i) => magic[i] === byte)) {
    const stream = { from: 0, to: file.size };
    const view = await beginning(open, stream, Math.min(file.size, MOST_HEADER), who);
    return [{ name: "", stream, length: file.size, ...npyHeader(view, who) }];
  }
  if (magic[0] !== 0x50 || magic[1] !== 0x4b) {
    throw new InputError(`${who}: expected a NumPy file, .npy or .npz, got another kind`);
  }
  const found: Found[] = [];
  for (const entry of await zipDirectory(open, file.size, who)) {
    if (!entry.path.endsWith(".npy")) continue;
    const stream = await zipStream(open, entry, who);
    const view = await beginning(open, stream, Math.min(entry.size, MOST_HEADER), who);
    const name = entry.path.slice(0, -".npy".length);
    found.push({ name, stream, length: entry.size, ...npyHeader(view, `${who}, array "${name}"`) });
  }
  return found;
}

const isPictures = ({ dtype, shape }: NpyHeader): boolean =>
  dtype === "u1" && (shape.length === 3 || shape.length === 4);

function picturesAmong(found: readonly Found[], wanted: string | undefined, who: string): Found {
  const named = found.filter(({ name }) => wanted === undefined || name === wanted);
  const [only, ...others] = wanted === undefined && found.length > 1 ? named.filter(isPictures) : named;
  if (only && others.length === 0) return only;
  const got = found
    .slice(0, 8)
    .map(({ name, dtype, shape }) => `${name || "one"} of ${dtype} ${formatShape(shape)}`)
    .join(", ");
  const asked = wanted === undefined ? "one array of pictures, bytes (u1) [N,H,W,C]" : `an array "${wanted}"`;
  const remedy = others.length > 0 ? "; say which by its name, FILE.npz:NAME" : "";
  throw new InputError(`${who}: expected ${asked}, got ${got || "none"}${remedy}`);
}

function assertLayout({ dtype, shape, fortran, length, start }: Found, who: string): void {
  if (dtype !== "u1") {
    throw new UnsupportedError(
      `${who}: expected pictures of bytes (u1, 0…255), got ${dtype}; save them with .astype('u1'), scaled to 0…255`,
    );
  }
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if ((shape.length !== 3 && shape.length !== 4) || ![1, 3, 4].includes(channels)) {
    const first = shape.length === 4 && [1, 3, 4].includes(height);
    const remedy = first ? "; .transpose(0, 2, 3, 1) puts the channels last" : "";
    throw new InputError(
      `${who}: expected pictures [N,H,W] or [N,H,W,C] with 1, 3 or 4 channels, got ${formatShape(shape)}${remedy}`,
    );
  }
  if (count * height * width === 0) {
    throw new InputError(`${who}: expected pictures, got none in ${formatShape(shape)}`);
  }
  if (fortran) {
    throw new UnsupportedError(
      `${who}: expected an array in C order, got one in Fortran's; save np.ascontiguousarray of it`,
    );
  }
  if (length - start !== sizeOf(shape)) {
    throw new InputError(
      `${who}: expected ${sizeOf(shape)} bytes for ${formatShape(shape)}, got ${length - start}; the file is cut short or damaged`,
    );
  }
}

/** An array of integers in the same file that says by its name that it holds the labels of these pictures. */
async function labelsBeside(
  found: readonly Found[],
  pictures: Found,
  open: Opened,
  who: string,
): Promise<number[] | undefined> {
  const [count = 0] = pictures.shape;
  const [labels, ...others] = found.filter(
    ({ name, dtype, shape }) =>
      /^[ui]/.test(dtype) &&
      shape[0] === count &&
      sizeOf(shape) === count &&
      /label|class|target|(^|_)y(_|$)/i.test(name),
  );
  if (!labels) return undefined;
  if (others.length > 0) {
    const names = [labels, ...others].map((own) => own.name).join(", ");
    throw new InputError(`${who}: expected one array of labels, got ${names}; give labels yourself`);
  }
  return integers(await beginning(open, labels.stream, labels.length, who), labels);
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { type ByteFile, byteFile, type DataFile } from "./bytes.ts";
import { classNamed } from "./classes.ts";
import { joined } from "./joined.ts";
import { recordItems } from "./records.ts";
import type { Source } from "./source.ts";
import { type SourceParts, sourceOf } from "./source-of.ts";

export interface CifarSourceOptions {
  /** Classes of the data set, 10 or 100. By default the files' length says it. */
  readonly kind?: 10 | 100 | undefined;
  /** Names of the classes. Default: those of CIFAR-10; the numbers of CIFAR-100's 100 fine classes. */
  readonly classes?: readonly string[] | undefined;
}

const CIFAR: Fields<CifarSourceOptions> = { kind: [10, 100], classes: "may" };

/** The classes of CIFAR-10, as its batches.meta.txt lists them. */
const CIFAR_10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const SIDE = 32;
const PLANE = SIDE * SIDE;

/**
 * The pictures of CIFAR-10's or CIFAR-100's binary files: a label, or a coarse one and a fine one, and 32×32 pixels as three planes. A
 * picture's id is its number, of several files with the file's name before it.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 * @throws InputError for a file of another length.
 */
export async function cifarSource(
  files: DataFile | readonly DataFile[],
  options: CifarSourceOptions = {},
): Promise<Source> {
  const list = Array.isArray(files) ? (files as readonly DataFile[]) : [files as DataFile];
  return sourceOf(
    joined(
      "CIFAR",
      list.map((file) => cifarParts(byteFile(file, "cifarSource"), options)),
    ),
  );
}

/** The kind of CIFAR that a file may be by its length; undefined where there is none, or no saying which. */
export function cifarKind(size: number): 10 | 100 | undefined {
  const [ten, hundred] = [size % (1 + 3 * PLANE) === 0, size % (2 + 3 * PLANE) === 0];
  return size === 0 || ten === hundred ? undefined : ten ? 10 : 100;
}

export function cifarParts(file: ByteFile, options: CifarSourceOptions = {}): SourceParts {
  assertFields("cifarSource", options, CIFAR);
  const who = `data set "${file.name}"`;
  const { kind = cifarKind(file.size) } = options;
  const head = kind === 100 ? 2 : 1;
  const length = head + 3 * PLANE;
  if (kind === undefined || file.size === 0 || file.size % length !== 0) {
    throw new InputError(
      `${who}: expected pictures of ${1 + 3 * PLANE} bytes (CIFAR-10) or ${2 + 3 * PLANE} (CIFAR-100), got a file of ${file.size}; is it cut short?`,
    );
  }
  const count = file.size / length;
  const classes = options.classes ?? (kind === 10 ? CIFAR_10 : Array.from({ length: 100 }, (_, i) => `${i}`));
  const records = {
    ...{ file, start: 0, count, length, stream: { from: 0, to: file.size } },
    pixels: (record: Uint8Array) => pixelsOf(record.subarray(head)),
    label: (_: number, record?: Uint8Array) => classNamed(record?.[head - 1] ?? -1, classes, who),
  };
  return {
    name: file.name,
    count,
    labels: classes,
    identity: () => ["cifar", kind, file.size, classes],
    items: (signal) => recordItems(records, who, signal),
  };
}

function pixelsOf(planes: Uint8Array): Pixels {
  const data = Uint8Array.from(planes, (_, i) => planes[(i % 3) * PLANE + Math.floor(i / 3)] ?? 0);
  return { width: SIDE, height: SIDE, data };
}

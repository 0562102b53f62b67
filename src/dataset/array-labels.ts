import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { type ByteFile, byteFile, Pieces, pieces } from "./bytes.ts";
import { classNamed } from "./classes.ts";
import { beginsGzip, beginsIdx, idxHeader } from "./idx-header.ts";
import { integers, npyHeader } from "./npy-header.ts";
import { unpacked } from "./records.ts";

/** Labels of the pictures of an array. */
export interface ArrayLabelOptions {
  /** For each picture the number of its class or its name; or a file of the numbers, .npy or IDX. */
  readonly labels?: readonly number[] | readonly string[] | ByteFile | Blob | undefined;
  /** Names of the classes, in the order of their numbers. Without them the numbers are the names. */
  readonly classes?: readonly string[] | undefined;
}

export interface ArrayLabels {
  /** Names of the classes. */
  readonly labels?: readonly string[] | undefined;
  labelOf(i: number): string | undefined;
  /** As they were given, for the digest. */
  readonly numbers?: readonly (number | string)[] | undefined;
}

/** @throws InputError when they are not as many as the pictures, or one has no name among the classes. */
export async function arrayLabels(
  given: ArrayLabelOptions["labels"],
  count: number,
  classes: readonly string[] | undefined,
  who: string,
): Promise<ArrayLabels> {
  if (given === undefined) return { labels: classes, labelOf: () => undefined };
  const list: readonly (number | string)[] = Array.isArray(given)
    ? (given as readonly (number | string)[])
    : await numbersIn(byteFile(given as ByteFile | Blob, who));
  if (list.length !== count) {
    throw new InputError(`${who}: expected ${count} labels, one a picture, got ${list.length}`);
  }
  const name = (label: number | string | undefined): string | undefined =>
    typeof label === "number" ? classNamed(label, classes, who) : label;
  const used = new Set(list);
  for (const label of used) name(label);
  const most = list.reduce<number>((most, one) => (typeof one === "number" ? Math.max(most, one) : most), -1);
  const names = list.some((label) => typeof label === "string")
    ? [...used].map(String)
    : Array.from({ length: most + 1 }, (_, i) => `${i}`);
  return { labels: classes ?? names, labelOf: (i) => name(list[i]), numbers: list };
}

/** The numbers of a file, .npy or IDX, with one axis longer than 1. */
async function numbersIn(file: ByteFile): Promise<number[]> {
  const who = `labels "${file.name}"`;
  const open = await file.open();
  try {
    const first = await open.read(0, Math.min(4, file.size));
    if (beginsIdx(first) || beginsGzip(first)) {
      const { shape, start, stream } = await idxHeader(file, who);
      assertList(shape, who);
      const bytes = new Pieces(unpacked(open, stream, who), who);
      try {
        await bytes.take(start);
        return [...(await bytes.take(sizeOf(shape)))];
      } finally {
        await bytes.close();
      }
    }
    const whole = new Pieces(pieces(open, 0, file.size), who);
    const view = new DataView((await whole.take(file.size)).buffer);
    const header = npyHeader(view, who);
    assertList(header.shape, who);
    if (!/^[ui]/.test(header.dtype)) {
      throw new InputError(
        `${who}: expected whole numbers, got ${header.dtype}; save them with .astype('i4')`,
      );
    }
    return integers(view, header);
  } finally {
    await open.close();
  }
}

function assertList(shape: readonly number[], who: string): void {
  if (sizeOf(shape) === Math.max(0, ...shape)) return;
  throw new InputError(`${who}: expected a list of numbers, got ${formatShape(shape)}`);
}

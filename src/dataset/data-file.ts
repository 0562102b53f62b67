import { InputError } from "../gpu/errors.ts";
import type { ArrayLabelOptions } from "./array-labels.ts";
import { type ByteFile, Pieces } from "./bytes.ts";
import { cifarKind, cifarParts } from "./cifar-source.ts";
import type { Decode } from "./decode.ts";
import type { FileLabelOptions } from "./file-labels.ts";
import { beginsGzip, beginsIdx } from "./idx-header.ts";
import { idxParts } from "./idx-source.ts";
import { npyParts } from "./npy-source.ts";
import { parquetParts } from "./parquet-source.ts";
import { unpacked } from "./records.ts";
import type { SourceParts } from "./source-of.ts";
import { tarParts } from "./tar-source.ts";
import { zipDirectory } from "./zip-directory.ts";
import { zipParts } from "./zip-source.ts";

/** Kinds of files that hold many pictures. */
export type DataFileKind = "npy" | "idx" | "cifar" | "tar" | "parquet" | "zip";

export interface DataFileOptions {
  /** Labels of the files of a zip archive. "none" leaves out those of any file. */
  readonly fileLabels?: FileLabelOptions["labels"];
  /** Labels of an array's pictures. */
  readonly arrayLabels?: ArrayLabelOptions["labels"];
  readonly classes?: readonly string[] | undefined;
  /** The array of a .npz file. */
  readonly array?: string | undefined;
  readonly decode?: Decode | undefined;
}

/** Says by its first bytes what a file is; of CIFAR, which has no mark, by its length. Undefined: nothing that is known. */
export async function dataFileKind(file: ByteFile): Promise<DataFileKind | undefined> {
  const open = await file.open();
  try {
    let bytes: Uint8Array = await open.read(0, Math.min(512, file.size));
    if (beginsGzip(bytes)) {
      const stream = { from: 0, to: file.size, packed: "gzip" as const };
      const content = new Pieces(unpacked(open, stream, `data set "${file.name}"`), file.name);
      // MNIST's smallest file of labels has more.
      bytes = await content.take(4).finally(() => content.close());
      return beginsIdx(bytes) ? "idx" : "tar";
    }
    const text = new TextDecoder("latin1").decode(bytes);
    if (text.startsWith("\x93NUMPY")) return "npy";
    if (text.startsWith("PAR1")) return "parquet";
    if (text.startsWith("PK")) {
      const entries = await zipDirectory(open, file.size, `data set "${file.name}"`);
      return entries.some(({ path }) => path.endsWith(".npy")) ? "npy" : "zip";
    }
    if (text.slice(257, 262) === "ustar") return "tar";
    if (beginsIdx(bytes)) return "idx";
    return cifarKind(file.size) === undefined ? undefined : "cifar";
  } finally {
    await open.close();
  }
}

/** Opens a file that holds many pictures. @throws InputError when it is damaged, or has no place for the labels that are given. */
export async function dataFileParts(
  file: ByteFile,
  kind: DataFileKind,
  options: DataFileOptions,
): Promise<SourceParts> {
  const { fileLabels, arrayLabels, classes, array, decode } = options;
  const isArray = kind === "npy" || kind === "idx";
  if ((typeof fileLabels === "object" && kind !== "zip") || (arrayLabels !== undefined && !isArray)) {
    throw new InputError(
      `data set "${file.name}": expected no labels beside it, or "none", got some; ${isArray ? "an array takes them from an array" : "they stand in it"}`,
    );
  }
  const parts = await (async () => {
    if (kind === "npy") return npyParts(file, { labels: arrayLabels, classes, array });
    if (kind === "idx") return idxParts(file, { labels: arrayLabels, classes });
    if (kind === "cifar") return cifarParts(file, { classes });
    if (kind === "tar") return tarParts(file, { classes, decode });
    if (kind === "parquet") return parquetParts(file, { classes, decode });
    return zipParts(file, { labels: fileLabels, decode });
  })();
  return fileLabels === "none" ? withoutLabels(parts) : parts;
}

function withoutLabels(parts: SourceParts): SourceParts {
  const { name, count } = parts;
  return {
    ...{ name, count },
    identity: async () => ["without labels", await parts.identity()],
    async *items(signal) {
      for await (const item of parts.items(signal)) yield { id: item.id, load: (stop) => item.load(stop) };
    },
  };
}

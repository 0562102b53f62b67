import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { InputError, VitrineError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { type ByteFile, byteFile, type DataFile, type OpenFile, within } from "./bytes.ts";
import { classNamed } from "./classes.ts";
import { type Decode, decodeInPage } from "./decode.ts";
import { joined } from "./joined.ts";
import type { Source } from "./source.ts";
import { type SourceItem, type SourceParts, sourceOf } from "./source-of.ts";

export interface ParquetSourceOptions {
  /** The column of pictures. Default: the one that the file says holds pictures. */
  readonly image?: string | undefined;
  /** The column of labels. Default: the first that the file says holds classes, or one called label. */
  readonly label?: string | undefined;
  /** Names of the classes. Default: those that the file says; without them the numbers are the names. */
  readonly classes?: readonly string[] | undefined;
  /** Default: the browser's decoder. */
  readonly decode?: Decode | undefined;
}

const PARQUET: Fields<ParquetSourceOptions> = { image: "may", label: "may", classes: "may", decode: "may" };

/**
 * The pictures of Parquet files as Hugging Face writes them: a column of { bytes, path }, a column of labels, and the names of the
 * classes in the file's metadata. A picture's id is the number of its row. A row group is in memory at a time; a shard reads them all.
 * @throws InputError for a damaged file, or one without pictures.
 */
export async function parquetSource(
  files: DataFile | readonly DataFile[],
  options: ParquetSourceOptions = {},
): Promise<Source> {
  const list = Array.isArray(files) ? (files as readonly DataFile[]) : [files as DataFile];
  const parts = [];
  for (const file of list) parts.push(await parquetParts(byteFile(file, "parquetSource"), options));
  return sourceOf(joined("parquet", parts));
}

export async function parquetParts(file: ByteFile, options: ParquetSourceOptions = {}): Promise<SourceParts> {
  assertFields("parquetSource", options, PARQUET);
  const who = `data set "${file.name}"`;
  const open = await file.open();
  const metadata = await metadataOf(bufferOf(open, file.size), who).finally(() => open.close());
  const { image, label, classes } = columnsOf(metadata, options, who);
  const { decode = decodeInPage } = options;
  const count = Number(metadata.num_rows);
  if (count === 0) throw new InputError(`${who}: expected pictures, got a table without rows`);
  const columns = label === undefined ? [image] : [image, label];
  return {
    name: file.name,
    count,
    labels: classes,
    identity: () => ["parquet", file.size, count, columns, classes],
    items: (signal) =>
      within(file, async function* (opened): AsyncGenerator<SourceItem> {
        const buffer = bufferOf(opened, file.size);
        let rowStart = 0;
        for (const { num_rows } of metadata.row_groups) {
          signal.throwIfAborted();
          const rowEnd = rowStart + Number(num_rows);
          const rows = await rowsOf(buffer, { metadata, columns, rowStart, rowEnd }, who);
          for (const [i, row] of rows.entries()) {
            const id = `${rowStart + i}`;
            yield {
              id,
              label: label === undefined ? undefined : labelOf(row[label], classes, who),
              load: () => pictureIn(row[image], `${file.name}/${id}`, decode),
            };
          }
          rowStart = rowEnd;
        }
      }),
  };
}

function bufferOf(open: OpenFile, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const from = start < 0 ? Math.max(0, byteLength + start) : start;
      return (await open.read(from, Math.min(byteLength, end))).buffer;
    },
  };
}

async function metadataOf(buffer: AsyncBuffer, who: string): Promise<FileMetaData> {
  // Both packages are for whoever has such a file.
  const { parquetMetadataAsync } = await import("hyparquet");
  try {
    return await parquetMetadataAsync(buffer, { geoparquet: false });
  } catch (error) {
    throw damaged(error, who);
  }
}

async function rowsOf(
  file: AsyncBuffer,
  part: {
    readonly metadata: FileMetaData;
    readonly columns: string[];
    readonly rowStart: number;
    readonly rowEnd: number;
  },
  who: string,
): Promise<Record<string, unknown>[]> {
  const { parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file, ...part, compressors, utf8: false, geoparquet: false });
  } catch (error) {
    throw damaged(error, who);
  }
  const expected = part.rowEnd - part.rowStart;
  if (rows.length === expected) return rows;
  throw new InputError(`${who}: expected ${expected} rows from row ${part.rowStart}, got ${rows.length}`);
}

function damaged(error: unknown, who: string): unknown {
  if (error instanceof VitrineError) return error;
  return new InputError(`${who}: expected a Parquet file that is whole, got ${(error as Error).message}`);
}

/** What Hugging Face says of a column. */
interface Feature {
  readonly _type?: unknown;
  readonly names?: unknown;
}

function columnsOf(metadata: FileMetaData, options: ParquetSourceOptions, who: string) {
  const features = Object.entries(featuresOf(metadata));
  const names = topColumns(metadata);
  const known = names.map(({ name }) => name);
  const typed = (type: string): string | undefined =>
    features.find(([name, feature]) => known.includes(name) && feature?._type === type)?.[0];
  const image =
    options.image ??
    typed("Image") ??
    names.find(({ parts }) => parts.includes("bytes"))?.name ??
    named(known, ["image", "img"]);
  const label = options.label ?? typed("ClassLabel") ?? named(known, ["label", "labels", "class"]);
  const got = known.join(", ");
  if (image === undefined) throw new InputError(`${who}: expected a column of pictures, got ${got}`);
  for (const wanted of [image, label]) {
    if (wanted === undefined || known.includes(wanted)) continue;
    throw new InputError(`${who}: expected a column "${wanted}", got ${got}`);
  }
  const own = features.find(([name]) => name === label)?.[1]?.names;
  const classes = options.classes ?? (isNames(own) ? own : undefined);
  return { image, label, classes };
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

const named = (known: readonly string[], names: readonly string[]): string | undefined =>
  known.find((name) => names.includes(name.toLowerCase()));

/** The features in the metadata that Hugging Face writes into its files; none where it did not. */
function featuresOf({ key_value_metadata }: FileMetaData): Readonly<Record<string, Feature | undefined>> {
  const text = key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  try {
    return JSON.parse(text)?.info?.features ?? {};
  } catch {
    return {};
  }
}

/** The columns of a table, each with the fields that it is made of. */
function topColumns({ schema }: FileMetaData): { readonly name: string; readonly parts: string[] }[] {
  const columns: { name: string; parts: string[] }[] = [];
  let at = 1;
  /** Passes over an element with everything in it. */
  const pass = (): string => {
    const element = schema[at++];
    for (let i = 0; i < (element?.num_children ?? 0); i++) pass();
    return element?.name ?? "";
  };
  while (at < schema.length) {
    const element = schema[at++];
    columns.push({
      name: element?.name ?? "",
      parts: Array.from({ length: element?.num_children ?? 0 }, pass),
    });
  }
  return columns;
}

function labelOf(value: unknown, classes: readonly string[] | undefined, who: string): string | undefined {
  if (typeof value === "number" || typeof value === "bigint") return classNamed(Number(value), classes, who);
  return typeof value === "string" ? value : undefined;
}

async function pictureIn(value: unknown, name: string, decode: Decode): Promise<Pixels> {
  const bytes = value instanceof Uint8Array ? value : (value as { readonly bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return decode(new Uint8Array(bytes), name);
  throw new InputError(`picture "${name}": expected its bytes, got none; is it kept in a file beside?`);
}

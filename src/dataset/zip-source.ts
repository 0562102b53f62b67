import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type ByteFile, byteFile, type DataFile, Pieces, within } from "./bytes.ts";
import { assertLength, type Decode, decodeInPage } from "./decode.ts";
import { type FileLabelOptions, labelsOfFiles } from "./file-labels.ts";
import { joined } from "./joined.ts";
import { inNaturalOrder } from "./natural-order.ts";
import { isPicture } from "./picture-files.ts";
import { unpacked } from "./records.ts";
import type { Source } from "./source.ts";
import { type SourceParts, sourceOf } from "./source-of.ts";
import { zipDirectory, zipStream } from "./zip-directory.ts";

export interface ZipSourceOptions extends FileLabelOptions {
  /** Default: the browser's decoder. */
  readonly decode?: Decode | undefined;
}

const ZIP: Fields<ZipSourceOptions> = { labels: "may", decode: "may" };

/**
 * The pictures of a zip archive, in natural order of their paths, which are their ids. Each is unpacked when its turn comes. Labels are
 * found as in a folder, below the folders in which all pictures lie.
 * @throws InputError for a damaged archive, one without pictures, and labels that do not match.
 */
export async function zipSource(file: DataFile, options: ZipSourceOptions = {}): Promise<Source> {
  return sourceOf(joined("", [await zipParts(byteFile(file, "zipSource"), options)]));
}

export async function zipParts(file: ByteFile, options: ZipSourceOptions = {}): Promise<SourceParts> {
  assertFields("zipSource", options, ZIP);
  const { decode = decodeInPage } = options;
  const who = `data set "${file.name}"`;
  const open = await file.open();
  const directory = await zipDirectory(open, file.size, who).finally(() => open.close());
  const entries = new Map(directory.filter(({ path }) => isPicture(path)).map((one) => [one.path, one]));
  const paths = inNaturalOrder([...entries.keys()]);
  if (paths.length === 0) {
    throw new InputError(
      `${who}: expected pictures in it, got ${directory.length} entries, none of them one`,
    );
  }
  const { labels, labelOf } = labelsOfFiles(paths, options);
  return {
    name: file.name,
    count: paths.length,
    labels,
    identity: () => ["zip", paths.map((path) => [path, entries.get(path)?.size, labelOf(path)])],
    items: (signal) =>
      within(file, function* (archive, begun) {
        for (const [path, label] of paths.map((one) => [one, labelOf(one)] as const)) {
          const entry = entries.get(path);
          if (!entry) continue;
          const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => {
            assertLength(entry.size, path);
            const stream = await zipStream(archive, entry, who);
            const own = new Pieces(
              unpacked(archive, stream, `picture "${path}"`, signal),
              `picture "${path}"`,
            );
            return own.take(entry.size).finally(() => own.close());
          };
          yield { id: path, label, load: async () => decode(await begun(bytes()), path) };
        }
      }),
  };
}

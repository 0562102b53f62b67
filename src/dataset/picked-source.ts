import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { readPicture } from "../images/picture.ts";
import type { PickedFile } from "../models/picked-files.ts";
import type { Decode } from "./decode.ts";
import { type FileLabelOptions, labelsOfFiles } from "./file-labels.ts";
import { inNaturalOrder } from "./natural-order.ts";
import { isPicture, pictureFilesSource } from "./picture-files.ts";
import type { Source } from "./source.ts";

export interface PickedSourceOptions extends FileLabelOptions {
  /** What the data set is called. Default: the folder's name, or "files". */
  readonly name?: string | undefined;
  /** Default: the browser's decoder. */
  readonly decode?: Decode | undefined;
}

const PICKED: Fields<PickedSourceOptions> = { name: "may", labels: "may", decode: "may" };

/** A file that is there when it is asked for, with its path. */
interface Entry {
  readonly path: string;
  file(): Promise<File>;
}

/**
 * The pictures among files that a person picked or dropped, in natural order of their paths. Where a folder was picked, or `path` says
 * where a file lies, labels are found as in a folder.
 * @throws InputError when no picture is among them, and for labels that do not match.
 */
export function filesSourceOf(files: Iterable<PickedFile>, options: PickedSourceOptions = {}): Source {
  assertFields("filesSourceOf", options, PICKED);
  if (typeof (files as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function") {
    throw new InputError(`filesSourceOf: expected a list of files, got ${describe(files)}`);
  }
  const entries = Array.from(files, (picked) => {
    const { path, file } =
      "file" in picked ? picked : { path: picked.webkitRelativePath || picked.name, file: picked };
    return { path: path.replaceAll("\\", "/"), file: async () => file };
  });
  return sourceOfEntries(entries, { ...options, name: options.name ?? "files" });
}

/**
 * The pictures of a folder that a person opened (`showDirectoryPicker`, or a dropped item's `getAsFileSystemHandle`) and of the folders
 * within, in natural order of their paths. Each file is opened when its turn comes.
 * @throws InputError when no picture is among them, and for labels that do not match.
 */
export async function directorySource(
  directory: FileSystemDirectoryHandle,
  options: PickedSourceOptions = {},
): Promise<Source> {
  assertFields("directorySource", options, PICKED);
  if ((directory as Partial<FileSystemDirectoryHandle> | undefined)?.kind !== "directory") {
    throw new InputError(`directorySource: expected a folder's handle, got ${describe(directory)}`);
  }
  const entries: Entry[] = [];
  const visit = async (folder: FileSystemDirectoryHandle, within: string): Promise<void> => {
    for await (const [name, handle] of folder.entries()) {
      const path = `${within}${name}`;
      if (handle.kind === "file") {
        entries.push({ path, file: () => (handle as FileSystemFileHandle).getFile() });
      } else await visit(handle as FileSystemDirectoryHandle, `${path}/`);
    }
  };
  await visit(directory, "");
  return sourceOfEntries(entries, { ...options, name: options.name ?? (directory.name || "folder") });
}

function sourceOfEntries(
  entries: readonly Entry[],
  { name, decode, labels }: PickedSourceOptions & { readonly name: string },
): Source {
  const byPath = new Map(entries.filter(({ path }) => isPicture(path)).map((entry) => [entry.path, entry]));
  const paths = inNaturalOrder([...byPath.keys()]);
  const files = paths.flatMap((path) => {
    const entry = byPath.get(path);
    if (!entry) return [];
    const load = async () => {
      const file = await entry.file();
      return decode ? decode(new Uint8Array(await file.arrayBuffer()), path) : readPicture(file);
    };
    return [{ path, load, size: async () => (await entry.file()).size }];
  });
  return pictureFilesSource(name, files, labelsOfFiles(paths, { labels }));
}

import { InputError } from "../gpu/errors.ts";
import type { Pixels } from "../images/pixels.ts";
import { inNaturalOrder } from "./natural-order.ts";
import type { Source } from "./source.ts";
import { sourceOf } from "./source-of.ts";

/** A file that holds a picture, wherever it lies. */
export interface PictureFile {
  /** Path within the data set, with "/" between its parts. */
  readonly path: string;
  /** Length in bytes. */
  size(): Promise<number>;
  load(): Promise<Pixels>;
}

/** Names of files that are taken for pictures. */
export const PICTURES: RegExp = /\.(png|jpe?g|webp|tiff?|gif|avif)$/i;

/** Tells whether a path is a picture's that somebody put there: no hidden file, and none that an archiver left. */
export function isPicture(path: string): boolean {
  return PICTURES.test(path) && !/(^|\/)(\.|__MACOSX\/)/.test(path);
}

/** Labels of files, by their paths, and the classes in order. */
export interface FileLabels {
  readonly labels?: readonly string[] | undefined;
  labelOf(path: string): string | undefined;
}

/** The first folder of each path as its label; a file outside of folders has none. */
export function labelsOfFolders(paths: readonly string[]): FileLabels {
  const labelOf = (path: string): string | undefined => /^([^/]+)\//.exec(path)?.[1];
  const labels = inNaturalOrder([...new Set(paths.map(labelOf))].filter((label) => label !== undefined));
  return labels.length > 0 ? { labels, labelOf } : NO_LABELS;
}

export const NO_LABELS: FileLabels = { labelOf: () => undefined };

/** Pictures that are a file each, in the order given. @throws InputError when there are none. */
export function pictureFilesSource(
  name: string,
  files: readonly PictureFile[],
  { labels, labelOf }: FileLabels,
): Source {
  if (files.length === 0) throw new InputError(`data set "${name}": expected pictures, got none`);
  return sourceOf({
    name,
    count: files.length,
    labels,
    async identity() {
      const sizes = [];
      for (const file of files) sizes.push([file.path, await file.size(), labelOf(file.path)]);
      return ["files", sizes];
    },
    *items() {
      for (const file of files) {
        yield { id: file.path, label: labelOf(file.path), load: () => file.load() };
      }
    },
  });
}

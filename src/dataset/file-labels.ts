import { type LabelTable, labelsOfTable } from "./file-table.ts";
import { withoutCommonFolder } from "./joined.ts";
import { type FileLabels, labelsOfFolders, NO_LABELS } from "./picture-files.ts";

/** How the labels of pictures that are files are found. */
export interface FileLabelOptions {
  /**
   * "folders" (default): the first folder below those in which all pictures lie. "none". Or a table with rows of a file's name and its
   * label.
   */
  readonly labels?: "folders" | "none" | LabelTable | undefined;
}

/** @throws InputError for a table that does not match. */
export function labelsOfFiles(
  paths: readonly string[],
  { labels = "folders" }: FileLabelOptions,
): FileLabels {
  if (labels === "none") return NO_LABELS;
  if (labels !== "folders") return labelsOfTable(paths, labels);
  const short = withoutCommonFolder(paths);
  const shortened = new Map(paths.map((path, i) => [path, short[i] ?? path]));
  const found = labelsOfFolders(short);
  return { labels: found.labels, labelOf: (path) => found.labelOf(shortened.get(path) ?? path) };
}

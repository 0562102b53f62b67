import { mergeSurveys } from "../dataset/survey/merge-surveys.ts";
import type { SurveyReport } from "../dataset/survey/report.ts";
import { InputError } from "../gpu/errors.ts";
import { type PictureRow, pictureRows, readSurvey, SurveyFolder } from "./survey-folder.ts";

/** Rows that are written at a time. */
const ROWS = 4096;

/**
 * Merges the folders of a survey's parts into one folder, as one survey would have written it: {@link mergeSurveys}, and the rows of the
 * pictures in their order. Memory does not grow with the number of pictures.
 * @throws InputError when a part is missing, doubled, foreign, damaged or not complete, or `out` is not empty of surveys.
 */
export async function mergeSurveyFolders(
  parts: readonly string[],
  out: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SurveyReport> {
  const reports: SurveyReport[] = [];
  for (const part of parts) reports.push(await readSurvey(part));
  const merged = mergeSurveys(reports);
  const folder = await SurveyFolder.open(out, merged.settings.features);
  if (folder.found) {
    throw new InputError(`survey "${out}": expected a folder without a survey, got one; choose another`);
  }
  const readers = parts.map((part) => pictureRows(part));
  try {
    const next: (PictureRow | undefined)[] = [];
    for (const reader of readers) next.push((await reader.next()).value ?? undefined);
    for (let rows = 1; ; rows++) {
      signal?.throwIfAborted();
      const first = firstOf(next);
      const row = next[first];
      if (!row) break;
      folder.addRow(row.line, row.features);
      next[first] = (await readers[first]?.next())?.value ?? undefined;
      if (rows % ROWS === 0) await folder.flush();
    }
    await folder.write(merged);
  } finally {
    for (const reader of readers) await reader.return(undefined);
  }
  return merged;
}

/** The place of the row with the smallest number. */
function firstOf(rows: readonly (PictureRow | undefined)[]): number {
  let first = 0;
  for (const [i, row] of rows.entries()) {
    if (row && row.index < (rows[first]?.index ?? Number.POSITIVE_INFINITY)) first = i;
  }
  return first;
}

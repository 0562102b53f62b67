import { mergeSurveyFolders } from "../../node/merge-survey-folders.ts";
import { surveysIn } from "../../node/survey-folder.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { surveyLines, surveySummary } from "../survey-summary.ts";
import type { Values } from "../values.ts";
import type { CliCommand } from "./command.ts";

export const MERGE: CliCommand = {
  name: "merge",
  usage: "DIR...",
  summary: "Make one survey of the parts that several processes made.",
  details: [
    "Each DIR is a part, or a folder of parts. Counts, extremes, histograms and the strongest pictures are exactly those of one survey of the whole; means and variances up to the last bits.",
    "A part that is missing, there twice, not complete, or of another network, data set or choice is named, and nothing is written.",
  ],
  options: ["out", "json"],
  help: { out: "Folder for the merged survey. Default: DIR itself, where it is one folder of parts." },
  examples: ["vitrine merge parts", "vitrine merge part-a part-b --out merged"],
  run: mergeCommand,
};

async function mergeCommand(folders: readonly string[], values: Values, io: Io): Promise<void> {
  const [first, ...others] = folders;
  if (first === undefined) throw new UsageError("merge expects the folders of a survey's parts, got none");
  const found: string[] = [];
  for (const folder of folders) found.push(...(await surveysIn(folder)));
  const within = others.length === 0 && found[0] !== first;
  const out = values.text("out") ?? (within ? first : undefined);
  if (out === undefined) throw new UsageError("merge expects --out DIR, got none");
  io.progress(`merging ${found.length} parts`);
  const report = await mergeSurveyFolders(found, out, { signal: io.signal });
  io.progress();
  if (values.has("json")) printJson(io, { ...surveySummary(report), parts: found.length, out });
  else for (const line of surveyLines(report)) io.out(line);
  io.err(`vitrine: wrote ${out}, of ${found.length} parts`);
}

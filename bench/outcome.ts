import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, compare, complaints } from "./baseline.ts";
import { keep } from "./keep.ts";
import { FORMATS, type Format, type Options } from "./options.ts";
import { consoleReport } from "./report/console.ts";
import { csvReport } from "./report/csv.ts";
import { htmlReport } from "./report/html.ts";
import { markdownReport } from "./report/markdown.ts";
import { short } from "./report/table.ts";
import type { Results } from "./result.ts";

const REPORTS: Readonly<Record<Format, (results: Results) => string>> = {
  json: (results) => `${JSON.stringify(results, null, 2)}\n`,
  csv: csvReport,
  markdown: markdownReport,
  html: htmlReport,
};

/**
 * Prints a run, writes what was asked for, compares it with an earlier one.
 * @returns the exit code: 1 for a wrong result, a failure of ours or a regression.
 */
export function report(options: Options, results: Results, baseline: Results | undefined): number {
  const printed = FORMATS.filter((format) => options.outputs[format] === "-");
  if (printed.length === 0) console.log(consoleReport(results));
  for (const format of FORMATS) {
    const file = options.outputs[format];
    if (file === "-") process.stdout.write(REPORTS[format](results));
    else if (file !== undefined) writeFileSync(file, REPORTS[format](results));
  }
  keepWhole(options, results);
  const comparisons = baseline ? compare(baseline, results, options.threshold) : [];
  for (const comparison of comparisons) console.error(sentenceOf(comparison));
  const wrong = complaints(results, comparisons);
  for (const complaint of wrong) console.error(`bench: ${complaint}`);
  return wrong.length > 0 ? 1 : 0;
}

/**
 * Finds out before a run whether what it is to write can be written.
 * @throws Error that names the option.
 */
export function tryOutputs(options: Options): void {
  for (const format of FORMATS) {
    const file = options.outputs[format];
    if (file !== undefined && file !== "-") tryOutput(`--${format}`, file);
  }
  const { keep: folder = "bench/results" } = options;
  if (!keepsWhole(options)) return;
  tryOutput("--keep", join(folder, "run.json"), () => mkdirSync(folder, { recursive: true }));
}

function tryOutput(option: string, file: string, prepare = () => {}): void {
  try {
    prepare();
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${file} is a folder`);
    const aside = `${file}.${process.pid}.part`;
    closeSync(openSync(aside, "wx"));
    rmSync(aside);
  } catch (error) {
    throw new Error(`${option}: expected a file that can be written, got ${(error as Error).message}`);
  }
}

/** True if a run is one of the whole suite, and is to be kept. */
function keepsWhole({ filter, onnx, sizes, keep: folder }: Options): boolean {
  return folder !== "none" && filter.length === 0 && onnx.length === 0 && sizes === "auto";
}

/** Keeps a run of the whole suite, and says so where a part of it was to be kept. */
function keepWhole(options: Options, results: Results): void {
  const { keep: folder } = options;
  if (folder === "none") return;
  if (keepsWhole(options)) {
    for (const path of keep(folder ?? "bench/results", results)) console.error(`kept in ${path}`);
  } else if (folder !== undefined) {
    console.error("not kept: expected a run of the whole suite for --keep, with no words and --sizes auto");
  }
}

function sentenceOf({ id, against, before, now, verdict }: Comparison): string {
  const written = (ratio: Comparison["now"], otherwise: string): string =>
    ratio ? `${short(ratio.median)}×` : otherwise;
  const values = `${written(before, "new")} → ${written(now, "not measured")}`;
  return `${verdict.padEnd(7)} ${id} against ${against}: ${values}`;
}

/** Results that --json wrote. @throws Error when the file holds something else. */
export function readBaseline(file: string): Results {
  let results: Partial<Results> | null;
  try {
    results = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`--baseline: expected results that --json wrote, got ${(error as Error).message}`);
  }
  if (results?.format !== 1 || !Array.isArray(results.rows)) {
    throw new Error(`--baseline: expected results that --json wrote, got something else in ${file}`);
  }
  return results as Results;
}

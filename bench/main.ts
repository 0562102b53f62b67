import { readFileSync, writeFileSync } from "node:fs";
import { type Comparison, compare, complaints } from "./baseline.ts";
import { runInChrome } from "./hosts/chrome.ts";
import { runInNode } from "./hosts/node.ts";
import { keep } from "./keep.ts";
import { FORMATS, type Format, HELP, type Options, parseOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { consoleReport } from "./report/console.ts";
import { csvReport } from "./report/csv.ts";
import { htmlReport } from "./report/html.ts";
import { markdownReport } from "./report/markdown.ts";
import { short } from "./report/table.ts";
import type { Results } from "./result.ts";
import { chosen } from "./suite.ts";

const REPORTS: Readonly<Record<Format, (results: Results) => string>> = {
  json: (results) => `${JSON.stringify(results, null, 2)}\n`,
  csv: csvReport,
  markdown: markdownReport,
  html: htmlReport,
};

/** The benchmark's command line; see HELP. @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let baseline: Results | undefined;
  try {
    options = parseOptions(args);
    if (options.baseline !== undefined) baseline = readBaseline(options.baseline);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const cases = chosen(options.filter);
  if (options.list) {
    for (const { id, title, tasks } of cases)
      console.log(`${id.padEnd(32)} ${title}: ${tasks.map(({ size }) => size).join(" | ")}`);
    return 0;
  }
  if (cases.length === 0) {
    console.error(`bench: expected words that occur in a case's name (--list), got "${options.filter}"`);
    return 2;
  }
  const results = await run(options);
  if (!results) return 1;
  return report(options, results, baseline);
}

/** Runs the suite on the chosen host; Ctrl-C once ends it early, twice at once. */
async function run(options: Options): Promise<Results | undefined> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    console.error("\nstopping after this case; once more to stop at once");
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  const progress = createProgress();
  try {
    const host = options.host === "node" ? runInNode : runInChrome;
    await host({ ...options, signal: stop.signal }, progress.tell);
    return progress.results();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return progress.results();
  } finally {
    process.off("SIGINT", interrupt);
  }
}

function report(options: Options, results: Results, baseline: Results | undefined): number {
  const printed = FORMATS.filter((format) => options.outputs[format] === "-");
  if (printed.length === 0) console.log(consoleReport(results));
  for (const format of FORMATS) {
    const file = options.outputs[format];
    if (file === "-") process.stdout.write(REPORTS[format](results));
    else if (file !== undefined) writeFileSync(file, REPORTS[format](results));
  }
  const whole = options.filter.length === 0 && options.sizes === "auto";
  if (whole && options.keep !== "none") console.error(`kept in ${keep(options.keep, results)}`);
  const comparisons = baseline ? compare(baseline, results, options.threshold) : [];
  for (const comparison of comparisons) console.error(sentenceOf(comparison));
  const wrong = complaints(results, comparisons);
  for (const complaint of wrong) console.error(`bench: ${complaint}`);
  return wrong.length > 0 ? 1 : 0;
}

function sentenceOf({ id, against, before, now, verdict }: Comparison): string {
  const values = `${short(before.median)}× → ${now ? `${short(now.median)}×` : "not measured"}`;
  return `${verdict.padEnd(7)} ${id} against ${against}: ${values}`;
}

function readBaseline(file: string): Results {
  const results: Partial<Results> = JSON.parse(readFileSync(file, "utf8"));
  if (results.format !== 1 || !Array.isArray(results.rows)) {
    throw new Error(`--baseline: expected results that --json wrote, got something else in ${file}`);
  }
  return results as Results;
}

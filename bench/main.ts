import { differenceFrom } from "./baseline.ts";
import type { Case } from "./case.ts";
import { runInChrome } from "./hosts/chrome.ts";
import { runInNode } from "./hosts/node.ts";
import { casesOfPaths } from "./onnx-paths.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { readBaseline, report, tryOutputs } from "./outcome.ts";
import { createProgress } from "./progress.ts";
import type { Results } from "./result.ts";
import { chosen, type Progress, SUITE, unmatched } from "./suite.ts";

/** The benchmark's command line; see HELP. @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let baseline: Results | undefined;
  let suite: readonly Case[] = SUITE;
  try {
    options = parseOptions(args);
    if (options.baseline !== undefined) baseline = readBaseline(options.baseline);
    if (!options.help && !options.list) tryOutputs(options);
    if (options.onnx.length > 0 && !options.help) suite = await casesOfPaths(options.onnx);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const cases = chosen(options.filter, suite);
  if (options.list) {
    for (const { id, title, tasks } of cases)
      console.log(`${id.padEnd(32)} ${title}: ${tasks.map(({ size }) => size).join(" | ")}`);
    return 0;
  }
  const idle = unmatched(options.filter, suite);
  if (cases.length > 0 && idle.length > 0) {
    console.error(
      `bench: no case has a name with ${idle.map((word) => `"${word}"`).join(", ")}; --list has the names`,
    );
  }
  if (cases.length === 0) {
    console.error(`bench: expected words that occur in a case's name (--list), got "${options.filter}"`);
    return 2;
  }
  const { results, failed, refused } = await run(options, suite, baseline);
  if (refused !== undefined) {
    console.error(`bench: ${refused}`);
    return 2;
  }
  if (!results) return 1;
  return report(options, results, baseline) || Number(failed);
}

interface Ran {
  readonly results: Results | undefined;
  readonly failed: boolean;
  /** Why nothing was measured: the baseline is of another adapter or host. */
  readonly refused?: string | undefined;
}

/** Runs the suite on the chosen host; Ctrl-C once ends it early, twice at once. A host that fails leaves what was measured. */
async function run(options: Options, suite: readonly Case[], baseline: Results | undefined): Promise<Ran> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    console.error("\nstopping after this case; once more to stop at once");
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  const progress = createProgress();
  let refused: string | undefined;
  const tell = (told: Progress): void => {
    // Which adapter there is, only the host knows.
    if (told.kind === "start" && baseline) refused = differenceFrom(baseline, told);
    if (refused === undefined) progress.tell(told);
    else stop.abort();
  };
  try {
    const host = options.host === "node" ? runInNode : runInChrome;
    await host({ ...options, suite, signal: stop.signal }, tell);
    return { results: progress.results(), failed: false, refused };
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return { results: progress.results(), failed: true };
  } finally {
    process.off("SIGINT", interrupt);
  }
}

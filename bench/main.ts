import { runInChrome } from "./hosts/chrome.ts";
import { runInNode } from "./hosts/node.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { readBaseline, report } from "./outcome.ts";
import { createProgress } from "./progress.ts";
import type { Results } from "./result.ts";
import { chosen } from "./suite.ts";

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
  const { results, failed } = await run(options);
  if (!results) return 1;
  return report(options, results, baseline) || Number(failed);
}

/** Runs the suite on the chosen host; Ctrl-C once ends it early, twice at once. A host that fails leaves what was measured. */
async function run(
  options: Options,
): Promise<{ readonly results: Results | undefined; readonly failed: boolean }> {
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
    return { results: progress.results(), failed: false };
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return { results: progress.results(), failed: true };
  } finally {
    process.off("SIGINT", interrupt);
  }
}

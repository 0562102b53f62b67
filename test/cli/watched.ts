import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { supervise } from "../../src/cli/supervise.ts";

/** The command line of the sources, watched over as `bin/vitrine.js` does with the built one. */
export function main(args: readonly string[]): Promise<number> {
  return supervise(pathToFileURL(resolve("build/run.mjs")), ["src/cli/main.ts", ...args]);
}

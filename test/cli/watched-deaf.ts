import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { supervise } from "../../src/cli/supervise.ts";

/** A process that a driver keeps busy for ever, watched over. */
export function main(): Promise<number> {
  return supervise(pathToFileURL(resolve("test/cli/deaf.mjs")), []);
}

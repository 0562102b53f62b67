import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "./result.ts";

/** A file's name for an adapter in a host: "llvmpipe-mesa-25-0-7.node". */
export function fileNameOf({ adapter, host }: Results["environment"]): string {
  const slug = adapter
    .replace(/\(.*?\)/g, " ")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return `${slug || "unknown"}.${host.startsWith("Node") ? "node" : "chrome"}`;
}

/** Writes the results beside those of other adapters; a run cut short lies beside the last complete one. Returns the path. */
export function keep(folder: string, results: Results): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${fileNameOf(results.environment)}${results.complete ? "" : ".partial"}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}

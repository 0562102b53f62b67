import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownReport } from "./report/markdown.ts";
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

/**
 * Writes the results, and their table, beside those of other adapters; a run cut short lies beside the last complete one.
 * @returns the paths of both.
 */
export function keep(folder: string, results: Results): string[] {
  mkdirSync(folder, { recursive: true });
  const name = `${fileNameOf(results.environment)}${results.complete ? "" : ".partial"}`;
  const files = { json: `${JSON.stringify(results, null, 2)}\n`, md: markdownReport(results) };
  return Object.entries(files).map(([extension, text]) => {
    const path = join(folder, `${name}.${extension}`);
    writeFileSync(path, text);
    return path;
  });
}

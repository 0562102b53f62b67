import { consoleReport } from "./report/console.ts";
import { gist } from "./report/table.ts";
import type { Results } from "./result.ts";
import type { Progress } from "./suite.ts";

export async function main(args: string[]): Promise<number> {
  const { runInNode } = await import("./hosts/node.ts");
  let results: Results | undefined;
  const tell = (progress: Progress): void => {
    if (progress.kind === "case") console.error(performance.now()|0,`[${progress.index + 1}] ${progress.title}`);
    if (progress.kind==="start") console.error(performance.now()|0);
    if (progress.kind === "row") console.error(`    ${gist(progress.row)}`);
    if (progress.kind === "limits") console.error(performance.now()|0,progress.limits);
    if (progress.kind === "end") results = progress.results;
  };
  await runInNode({ filter: args }, tell);
  if (results) console.log(consoleReport(results));
  return 0;
}

import type { Results } from "../result.ts";
import { GOAL_COLUMNS, goalCells } from "./goals.ts";
import { COLUMNS, cellsOf, short } from "./table.ts";

/** The results as a table for a terminal. */
export function consoleReport(results: Results): string {
  const { environment, limits } = results;
  const head = [
    `${environment.adapter} · ${environment.host} · ${environment.commit}`,
    ...(environment.software ? ["software adapter: the ratios tell something, the times do not"] : []),
    `limits in this run: copy ${short(limits.copy)} GB/s, multiply-add ${short(limits.f32)} GFLOP/s${limits.f16 ? ` (f16 ${short(limits.f16)})` : ""}`,
    ...(environment.quantum === undefined ? ["no GPU clock: wall times throughout"] : []),
  ];
  const goals = goalCells(results.rows);
  return [
    head.join("\n"),
    table(COLUMNS, COLUMNS.indexOf("ms"), results.rows.flatMap(cellsOf)),
    legend(results),
    ...(goals.length > 0 ? [table(GOAL_COLUMNS, GOAL_COLUMNS.length, goals)] : []),
  ].join("\n\n");
}

/** @param numbers the first column of numbers, which stand at the right. */
function table(columns: readonly string[], numbers: number, cells: readonly string[][]): string {
  const lines = [[...columns], ...cells];
  // A line that ends early tells in its last cell why; it may run over the columns to its right.
  const widths = columns.map((_, column) =>
    Math.max(
      ...lines.map((cells) => (column < cells.length - 1 || column === 0 ? (cells[column]?.length ?? 0) : 0)),
    ),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) =>
          column >= numbers && cells.length === columns.length
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function legend({ seconds, complete, leftOut = [] }: Results): string {
  return [
    "ms: median of a run by the GPU's clock where the host has one (techniques and launches: the wall's; recording: the CPU's until all is submitted). cold: compile, upload, first run.",
    "of limit: least time by the copy (B) or multiply-add (F) kernel, run between the rounds, over the time taken. ours faster: median over rounds, p10–p90.",
    `${complete ? "complete" : "incomplete"}, ${Math.round(seconds)} s${leftOut.length > 0 ? `; not measured: ${leftOut.join(", ")}` : ""}`,
  ].join("\n");
}

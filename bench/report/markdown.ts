import type { Results } from "../result.ts";
import { GOAL_COLUMNS, goalCells } from "./goals.ts";
import { COLUMNS, cellsOf, short } from "./table.ts";

/** The results as a Markdown table. */
export function markdownReport({ environment, limits, rows, complete }: Results): string {
  const { adapter, host, system, commit, date, software } = environment;
  const goals = goalCells(rows);
  return [
    `**${adapter}** · ${host} · ${system} · ${commit} · ${date.slice(0, 10)}`,
    "",
    ...(software
      ? ["*A software adapter: the ratios tell something, the times do not compare with any GPU's.*", ""]
      : []),
    `Limits in this run: copy ${short(limits.copy)} GB/s, multiply-add ${short(limits.f32)} GFLOP/s${limits.f16 ? `, f16 ${short(limits.f16)} GFLOP/s` : ""}.${complete ? "" : " The run was cut short."}`,
    "",
    ...table(COLUMNS, 3, rows.flatMap(cellsOf)),
    "",
    ...(goals.length > 0 ? [...table(GOAL_COLUMNS, 4, goals), ""] : []),
  ].join("\n");
}

/** @param numbers the first column of numbers, which stand at the right. */
function table(columns: readonly string[], numbers: number, rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${columns.map((_, index) => (cells[index] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(columns),
    line(columns.map((_, index) => (index < numbers ? "---" : "---:"))),
    ...rows.map(line),
  ];
}

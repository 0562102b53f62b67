import type { Results } from "../result.ts";
import { COLUMNS, cellsOf, short } from "./table.ts";

/** The results as a Markdown table. */
export function markdownReport({ environment, limits, rows, complete }: Results): string {
  const { adapter, host, system, commit, date, software } = environment;
  const line = (cells: readonly string[]): string =>
    `| ${COLUMNS.map((_, index) => (cells[index] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `**${adapter}** · ${host} · ${system} · ${commit} · ${date.slice(0, 10)}`,
    "",
    ...(software
      ? ["*A software adapter: the ratios tell something, the times do not compare with any GPU's.*", ""]
      : []),
    `Limits in this run: copy ${short(limits.copy)} GB/s, multiply-add ${short(limits.f32)} GFLOP/s${limits.f16 ? `, f16 ${short(limits.f16)} GFLOP/s` : ""}.${complete ? "" : " The run was cut short."}`,
    "",
    line(COLUMNS),
    line(COLUMNS.map((_, index) => (index < 3 ? "---" : "---:"))),
    ...rows.flatMap(cellsOf).map(line),
    "",
  ].join("\n");
}

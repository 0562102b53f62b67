import { reachedBy } from "../goals.ts";
import type { Row } from "../result.ts";
import { GOAL_COLUMNS, goalCells } from "./goals.ts";
import { escapeText } from "./svg.ts";
import { COLUMNS, cellsOf } from "./table.ts";

/** The first columns, case and size, stand above the lines of a case. */
const HEAD = 2;

/** Every figure of a group of cases. */
export function figuresTable(group: string, rows: readonly Row[]): string {
  return `<h3>${escapeText(group)}</h3>${table(COLUMNS, rows.map(cellsOf), "figures")}`;
}

/** Table of the cases' goals and whether they are met; empty where none has a goal. */
export function goalsTable(rows: readonly Row[]): string {
  const reached = rows.flatMap(reachedBy);
  if (reached.length === 0) return "";
  const met = reached.filter((one) => one.met).length;
  const measured = reached.filter((one) => one.met !== undefined).length;
  const cases = rows.map((row) => goalCells([row])).filter((lines) => lines.length > 0);
  return `<p class="count">${met} of ${measured} met</p>${table(GOAL_COLUMNS, cases, "goals")}`;
}

/** A table of cases, each a list of lines of which the first names it. */
function table(columns: readonly string[], cases: readonly string[][][], kind: string): string {
  const width = columns.length - HEAD;
  const bodies = cases.map((lines) => {
    const [title = "", size = ""] = lines[0] ?? [];
    const head = `<tr class="case"><th colspan="${width}"><div><strong>${escapeText(title)}</strong> <span>${escapeText(size)}</span></div></th></tr>`;
    return `<tbody>${head}${lines.map((cells) => line(cells.slice(HEAD), width)).join("")}</tbody>`;
  });
  const names = columns.slice(HEAD).map((name) => `<th>${escapeText(name)}</th>`);
  return `<div class="wide"><table class="${kind}"><thead><tr>${names.join("")}</tr></thead>${bodies.join("")}</table></div>`;
}

/** A line that ends early tells in its last cell why. */
function line(cells: readonly string[], width: number): string {
  const last = cells.length - 1;
  const data = cells.map((cell, column) => {
    const span = column === last && cells.length < width ? ` colspan="${width - last}" class="absent"` : "";
    return `<td${span}>${escapeText(cell)}</td>`;
  });
  const verdict = cells[last] === "met" || cells[last] === "missed" ? ` class="${cells[last]}"` : "";
  return `<tr${verdict}>${data.join("")}</tr>`;
}

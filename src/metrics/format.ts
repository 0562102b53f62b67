import type { Measure, Trust } from "./measures.ts";
import { MEASURES, type Verdict } from "./measures.ts";
import {
  measureValue,
  type TrustRow,
  type TrustSummary,
  type TrustSummaryRow,
  type TrustTable,
} from "./table.ts";

/** Heads of the columns. The arrow says which way is better. */
export const TRUST_HEADS: Readonly<Record<Measure, string>> = {
  insertion: "insertion ↑",
  deletion: "deletion ↓",
  muFidelity: "μFidelity ↑",
  infidelity: "infidelity ↓",
  sensitivity: "sensitivity ↓",
  modelRandomisation: "random weights ↓",
  randomLogit: "random class ↓",
  runnerUp: "runner-up ↓",
};

/** Words for each verdict, after a name and a colon. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  blank: "the same everywhere",
  still: "cannot be judged, as the score hardly moves",
  class: "hardly depends on the class",
  weights: "hardly depends on the weights",
  chance: "no better than chance",
  muFidelity: "hardly tells which regions matter",
  infidelity: "hardly tells how the score changes",
  sensitivity: "overturned by faint noise",
};

/** Explanations of the columns, for below a table. */
export const TRUST_LEGEND: readonly string[] = [
  "insertion, deletion: area under the score's curve as pixels appear or are removed, strongest first; in brackets, the mean of shifted copies of the map",
  "μFidelity: correlation between the map's sum over random regions and the fall of the score without them",
  "infidelity: share of the score's changes that the map leaves unexplained, when scaled to fit best",
  "sensitivity: change of the map under faint noise, relative to the map's norm",
  "random weights, random class, runner-up: rank correlation with the map of a randomised network, or of another class",
];

/** A table of techniques as lines of text or as Markdown, with what it comes to in words below. */
export function formatTrust(table: TrustTable | TrustSummary, style: "text" | "markdown" = "text"): string {
  const { rows } = table;
  const shown = MEASURES.filter((measure) => rows.some((row) => cellOf(row, measure) !== ""));
  const cells = [
    ["technique", ...shown.map((measure) => TRUST_HEADS[measure])],
    ...rows.map((row) => [row.title, ...shown.map((measure) => cellOf(row, measure) || "–")]),
  ];
  const words = [
    ...rows.flatMap(wordsOf),
    ...leftOutWords(rows.map((row) => ("trust" in row ? row.trust : undefined))),
  ];
  const bullet = style === "markdown" ? "- " : "  ";
  return [
    ...(style === "markdown" ? markdown(cells) : text(cells)),
    ...(words.length > 0 ? ["", ...words.map((line) => `${bullet}${line}`)] : []),
  ].join("\n");
}

function cellOf(row: TrustRow | TrustSummaryRow, measure: Measure): string {
  const isCurve = measure === "insertion" || measure === "deletion";
  if ("figures" in row) {
    const found = row.figures[measure];
    if (!found) return "";
    const random = isCurve ? row.randomBaselines[measure] : undefined;
    const spread = found.count > 1 ? ` ± ${figure(found.spread)}` : "";
    return `${figure(found.mean)}${spread}${random ? ` (${figure(random.mean)})` : ""}`;
  }
  const value = row.trust ? measureValue(row.trust, measure) : undefined;
  if (value === undefined) return "";
  const random = (isCurve && row.trust?.[measure]?.randomBaselines) || [];
  const mean = random.reduce((sum, area) => sum + area, 0) / random.length;
  return `${figure(value)}${random.length > 0 ? ` (${figure(mean)})` : ""}`;
}

function wordsOf(row: TrustRow | TrustSummaryRow): string[] {
  if (row.unsupported !== undefined) return [`${row.title}: ${row.unsupported}`];
  if ("figures" in row) {
    return Object.entries(row.verdicts).map(
      ([verdict, times]) =>
        `${row.title}: ${VERDICT_WORDS[verdict as Verdict]} in ${times} of ${row.images} ${row.images === 1 ? "image" : "images"}.`,
    );
  }
  return (row.trust?.words ?? []).map((words) => `${row.title}: ${words}`);
}

/** The measures that were left out, each once, with the reason. */
export function leftOutWords(found: readonly (Trust | undefined)[]): string[] {
  const words = found.flatMap((trust) =>
    Object.entries(trust?.leftOut ?? {}).map(
      ([measure, reason]) => `${TRUST_HEADS[measure as Measure].slice(0, -2)} is left out: ${reason}.`,
    ),
  );
  return [...new Set(words)];
}

/** Two decimals; what would show as 0.00 and is not gets its digits. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value !== 0 && Math.abs(value) < 0.005 ? value.toPrecision(1) : value.toFixed(2);
}

function text(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? "").length)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(head),
    `| ${head.map((_, column) => (column === 0 ? "---" : "---:")).join(" | ")} |`,
    ...rows.map(line),
  ];
}

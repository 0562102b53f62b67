import type { Drawing } from "./drawing.ts";
import { CAPITAL, INK, LEADING, LINE, QUIET, TEXT } from "./layout.ts";
import { textWidth, wrapText } from "./lettering.ts";

/** A table of numbers beneath a sheet. */
export interface FigureTable {
  readonly title?: string | undefined;
  /** Headings, the first of the column of names; "\n" begins a second line. */
  readonly columns: readonly string[];
  /** A name, then one text a column. */
  readonly rows: readonly (readonly string[])[];
  /** True for a cell that stands out, by the row's and the column's number. */
  readonly marked?: ((row: number, column: number) => boolean) | undefined;
  /** Lines below it. */
  readonly notes?: readonly string[] | undefined;
}

const ROW = 20;
const APART = 22;
const RULE = [232, 234, 237] as const;

/** The size of a table, and the ends of its columns. Its notes take `room`. */
export function measureTable({ title, columns, rows, notes = [] }: FigureTable, room: number) {
  const widths = columns.map((heading, column) =>
    Math.ceil(
      Math.max(
        ...heading.split("\n").map((line) => textWidth(line, TEXT)),
        ...rows.map((row) => textWidth(row[column] ?? "", TEXT, 600)),
      ),
    ),
  );
  const ends: number[] = [];
  for (const width of widths) ends.push((ends.at(-1) ?? -APART) + APART + width);
  const lines = Math.max(...columns.map((heading) => heading.split("\n").length));
  const head = (title ? LEADING + 8 : 0) + lines * LEADING + 6;
  const words = room > 0 ? notes.flatMap((note) => wrapText(note, TEXT, room, 4)) : [];
  const height = head + rows.length * ROW + (words.length > 0 ? 8 + words.length * LEADING : 0);
  const width = Math.max(ends.at(-1) ?? 0, title ? Math.ceil(textWidth(title, TEXT, 600)) : 0);
  return { width, height, ends, lines, words };
}

/** Draws a table: names to the left, numbers flush right. */
export function drawTable(
  drawing: Drawing,
  table: FigureTable,
  left: number,
  top: number,
  room: number,
): void {
  const { title, columns, rows, marked } = table;
  const { ends, lines, width, words } = measureTable(table, room);
  const cell = (
    text: string,
    column: number,
    y: number,
    style: { color: typeof INK; weight?: 400 | 600 },
  ) => {
    if (column === 0) drawing.text(text, left, y, { ...style, size: TEXT });
    else drawing.text(text, left + (ends[column] ?? 0), y, { ...style, size: TEXT, align: "right" });
  };
  let y = top;
  if (title) {
    drawing.text(title, left, y + CAPITAL, { color: INK, size: TEXT, weight: 600 });
    y += LEADING + 8;
  }
  for (const [column, heading] of columns.entries()) {
    const parts = heading.split("\n");
    for (const [line, text] of parts.entries()) {
      cell(text, column, y + (lines - parts.length + line) * LEADING + CAPITAL, { color: QUIET });
    }
  }
  y += lines * LEADING;
  drawing.rect(left, y, width, 1, LINE);
  y += 6;
  for (const [i, row] of rows.entries()) {
    for (const [column, text] of row.entries()) {
      const weight = marked?.(i, column) ? 600 : 400;
      cell(text, column, y + CAPITAL + 4, { color: text === "–" ? QUIET : INK, weight });
    }
    y += ROW;
    if (i < rows.length - 1) drawing.rect(left, y, width, 1, RULE);
  }
  y += 8;
  for (const note of words) {
    drawing.text(note, left, y + CAPITAL + 2, { color: QUIET, size: TEXT });
    y += LEADING;
  }
}

import { type Canvas, textWidth, wrapText } from "./canvas.ts";
import { INK, LEADING, LINE, QUIET, TEXT } from "./layout.ts";

/** A table of figures beneath a sheet. */
export interface Table {
  readonly title?: string;
  /** Headings, the first of the column of names; "\n" begins a second line. */
  readonly columns: readonly string[];
  /** A name, then one text a column. */
  readonly rows: readonly (readonly string[])[];
  /** Which cells stand out: the row's and the column's number. */
  readonly marked?: (row: number, column: number) => boolean;
  /** Lines below it. */
  readonly notes?: readonly string[];
}

const ROW = 20;
const APART = 22;

/** How large a table is, and where its columns end; its notes take `room`. */
export function measureTable({ title, columns, rows, notes = [] }: Table, room: number) {
  const widths = columns.map((heading, column) =>
    Math.ceil(
      Math.max(
        ...heading.split("\n").map((line) => textWidth(line, TEXT)),
        ...rows.map((row) => textWidth(row[column] ?? "", TEXT) * (column > 0 ? 1.04 : 1)),
      ),
    ),
  );
  const ends: number[] = [];
  for (const width of widths) ends.push((ends.at(-1) ?? -APART) + APART + width);
  const lines = Math.max(...columns.map((heading) => heading.split("\n").length));
  const head = (title ? LEADING + 8 : 0) + lines * LEADING + 6;
  const words = room > 0 ? notes.flatMap((note) => wrapText(note, TEXT, room, 4)) : [];
  const height = head + rows.length * ROW + (words.length > 0 ? 8 + words.length * LEADING : 0);
  const width = Math.max(ends.at(-1) ?? 0, title ? Math.ceil(textWidth(title, TEXT)) : 0);
  return { width, height, ends, lines, words };
}

/** Draws a table: names to the left, figures flush right. */
export function drawTable(canvas: Canvas, table: Table, left: number, top: number, room: number): void {
  const { title, columns, rows, marked } = table;
  const { ends, lines, width, words } = measureTable(table, room);
  let y = top;
  if (title) {
    canvas.text(title, left, y + TEXT, { color: INK, size: TEXT, weight: 0.16 });
    y += LEADING + 8;
  }
  for (const [column, heading] of columns.entries()) {
    const parts = heading.split("\n");
    for (const [line, text] of parts.entries()) {
      const down = y + (lines - parts.length + line) * LEADING + TEXT;
      if (column === 0) canvas.text(text, left, down, { color: QUIET, size: TEXT });
      else canvas.text(text, left + (ends[column] ?? 0), down, { color: QUIET, size: TEXT, align: "right" });
    }
  }
  y += lines * LEADING;
  canvas.rect(left, y, width, 1, LINE);
  y += 6;
  for (const [i, row] of rows.entries()) {
    for (const [column, text] of row.entries()) {
      const heavy = marked?.(i, column) ?? false;
      const style = { color: text === "–" ? QUIET : INK, size: TEXT, weight: heavy ? 0.19 : 0.12 };
      if (column === 0) canvas.text(text, left, y + TEXT + 4, style);
      else canvas.text(text, left + (ends[column] ?? 0), y + TEXT + 4, { ...style, align: "right" });
    }
    y += ROW;
    if (i < rows.length - 1) canvas.rect(left, y, width, 1, [232, 234, 237]);
  }
  y += 8;
  for (const note of words) {
    canvas.text(note, left, y + TEXT + 2, { color: QUIET, size: TEXT });
    y += LEADING;
  }
}

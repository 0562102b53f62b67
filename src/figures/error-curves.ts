import { type Color, Drawing, type Figure } from "./drawing.ts";
import { CAPITAL, INK, LEADING, LINE, MARGIN, QUIET, SMALL, TEXT } from "./layout.ts";
import { fitText, textWidth, wrapText } from "./lettering.ts";

const BLUE: Color = [38, 98, 166];
const OTHER: Color = [214, 125, 44];
const COLUMNS = 5;
const PANEL = { width: 150, height: 110 } as const;
const GAP = 26;

/** Errors by severity of one kind of corruption, 0 to 1. */
export interface ErrorPanel {
  readonly title: string;
  readonly errors: readonly number[];
  /** Another network's. */
  readonly others?: readonly number[] | undefined;
  /** At the right of the title: "CE 81". */
  readonly remark?: string | undefined;
}

/** A figure of error curves. */
export interface ErrorFigure {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly severities: readonly number[];
  /** Error on pictures as they are. */
  readonly clean: number;
  readonly panels: readonly ErrorPanel[];
  /** Names of the two lines, where there are two. */
  readonly names?: readonly [string, string] | undefined;
  readonly notes?: readonly string[] | undefined;
}

/** Draws a panel for each kind, all to one scale: error against severity, and the error on clean pictures as a grey line. */
export function layOutErrorCurves(figure: ErrorFigure): Figure {
  const { panels, severities, clean, names, subtitle, notes = [] } = figure;
  const columns = Math.min(COLUMNS, Math.max(3, panels.length));
  const width = 2 * MARGIN + columns * (PANEL.width + GAP) - GAP + 14;
  const rows = Math.ceil(panels.length / columns);
  const small = { color: QUIET, size: SMALL } as const;
  const lines = notes.flatMap((note) => wrapText(note, SMALL, width - 2 * MARGIN, 4));
  const top = MARGIN + 20 + (subtitle === undefined ? 0 : LEADING) + (names ? LEADING : 0);
  const rowHeight = LEADING + PANEL.height + 38;
  const drawing = new Drawing(width, top + rows * rowHeight + lines.length * 16 + 8 + MARGIN);
  let y = MARGIN + 10;
  drawing.text(fitText(figure.title, 16, width - 2 * MARGIN, 600), MARGIN, y, {
    color: INK,
    size: 16,
    weight: 600,
  });
  if (subtitle !== undefined) {
    y += LEADING + 2;
    drawing.text(fitText(subtitle, TEXT, width - 2 * MARGIN), MARGIN, y, { color: QUIET, size: TEXT });
  }
  if (names) {
    y += LEADING;
    let x = MARGIN;
    for (const [i, name] of names.entries()) {
      drawing.rect(x, y - 5, 18, 2, i === 0 ? BLUE : OTHER);
      drawing.text(name, x + 24, y, small);
      x += 24 + Math.ceil(textWidth(name, SMALL)) + 24;
    }
  }
  for (const [n, panel] of panels.entries()) {
    const left = MARGIN + 14 + (n % columns) * (PANEL.width + GAP);
    drawPanel(
      drawing,
      panel,
      { left, top: top + Math.floor(n / columns) * rowHeight + LEADING },
      severities,
      clean,
    );
  }
  for (const [i, line] of lines.entries()) {
    drawing.text(line, MARGIN, top + rows * rowHeight + 16 + i * 16, small);
  }
  return drawing.toFigure(figure.title);
}

function drawPanel(
  drawing: Drawing,
  { title, errors, others, remark = "" }: ErrorPanel,
  { left, top }: { readonly left: number; readonly top: number },
  severities: readonly number[],
  clean: number,
): void {
  const { width, height } = PANEL;
  const small = { color: QUIET, size: SMALL } as const;
  const yOf = (error: number): number => top + 14 + (1 - error) * height;
  const xOf = (i: number): number => left + 8 + (i / Math.max(1, severities.length - 1)) * (width - 16);
  const room = width - textWidth(remark, SMALL) - 8;
  drawing.text(fitText(title, TEXT, room, 600), left, top + 4, { color: INK, size: TEXT, weight: 600 });
  if (remark !== "") drawing.text(remark, left + width, top + 4, { ...small, align: "right" });
  for (const error of [0, 0.5, 1]) {
    const y = Math.round(yOf(error));
    drawing.rect(left, y, width, 1, error === 0 ? QUIET : LINE);
    drawing.text(String(100 * error), left - 4, y + Math.round(CAPITAL / 2), { ...small, align: "right" });
  }
  drawing.rect(left, Math.round(yOf(clean)), width, 1, [150, 154, 160]);
  for (const [values, color] of [
    [others ?? [], OTHER],
    [errors, BLUE],
  ] as const) {
    const points = values.map((error, i) => [xOf(i), yOf(error)] as const);
    if (points.length > 1) drawing.path(points, color, 2);
    for (const [x, y] of points) drawing.rect(Math.round(x) - 2, Math.round(y) - 2, 4, 4, color);
  }
  for (const [i, severity] of severities.entries()) {
    drawing.text(String(severity), Math.round(xOf(i)), top + height + 30, { ...small, align: "center" });
  }
}

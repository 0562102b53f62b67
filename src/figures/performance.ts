import { type Color, Drawing, type Figure } from "./drawing.ts";
import { CAPITAL, headingOf, INK, LEADING, LINE, MARGIN, QUIET, SMALL, TEXT } from "./layout.ts";
import { fitText, wrapText } from "./lettering.ts";

const BLUE: Color = [38, 98, 166];
const PALE: Color = [150, 154, 160];
const COLUMNS = 3;
const PANEL = { width: 280, height: 120 } as const;
const GAP = 40;
const AXIS = 34;

/** A share with its interval. */
export interface PerformancePoint {
  readonly name: string;
  readonly pictures: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface PerformancePanel {
  readonly title: string;
  /** Beside the title. */
  readonly remark?: string | undefined;
  /** Joined by a line, where they are in order. */
  readonly ordered: boolean;
  readonly points: readonly PerformancePoint[];
}

export interface PerformanceFigure {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly panels: readonly PerformancePanel[];
  readonly notes?: readonly string[] | undefined;
}

/** Draws a panel for each attribute: accuracy in per cent with its interval, and that of all its pictures as a grey line. */
export function composePerformance(figure: PerformanceFigure): Figure {
  const { title, subtitle, panels, notes = [] } = figure;
  // A name needs some letters; many groups take a line of the figure.
  const wide = Math.max(...panels.map(({ points }) => points.length)) > 6;
  const columns = wide ? 1 : Math.min(COLUMNS, panels.length);
  const size = {
    width: wide ? COLUMNS * (PANEL.width + GAP + AXIS) - GAP - AXIS : PANEL.width,
    height: PANEL.height,
  };
  const step = size.width + AXIS + GAP;
  const width = 2 * MARGIN + Math.max(columns * step - GAP, 400);
  const heading = headingOf({ title, subtitle }, width - 2 * MARGIN);
  const rowHeight = LEADING + size.height + 64;
  const rows = Math.ceil(panels.length / columns);
  const lines = notes.flatMap((note) => wrapText(note, SMALL, width - 2 * MARGIN, 4));
  const bottom = heading.bottom + rows * rowHeight;
  const drawing = new Drawing(width, bottom + lines.length * 16 + MARGIN - 12);
  heading.draw(drawing);
  for (const [n, panel] of panels.entries()) {
    const left = MARGIN + AXIS + (n % columns) * step;
    drawPanel(drawing, panel, { left, top: heading.bottom + Math.floor(n / columns) * rowHeight, ...size });
  }
  for (const [i, line] of lines.entries()) {
    drawing.text(line, MARGIN, bottom + CAPITAL + i * 16, { color: QUIET, size: SMALL });
  }
  return drawing.toFigure(title);
}

function drawPanel(
  drawing: Drawing,
  { title, remark = "", points, ordered }: PerformancePanel,
  { left, top, width, height }: Readonly<Record<"left" | "top" | "width" | "height", number>>,
): void {
  const small = { color: QUIET, size: SMALL } as const;
  drawing.text(fitText(title, TEXT, width * 0.7, 600), left, top + CAPITAL, {
    color: INK,
    size: TEXT,
    weight: 600,
  });
  drawing.text(remark, left + width, top + CAPITAL, { ...small, align: "right" });
  const yOf = (share: number): number => Math.round(top + LEADING + 6 + (1 - share) * height);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.rect(left, yOf(share), width, 1, share === 0 ? QUIET : LINE);
    const baseline = yOf(share) + Math.round(CAPITAL / 2);
    if (share % 0.5 === 0)
      drawing.text(String(100 * share), left - 6, baseline, { ...small, align: "right" });
  }
  const all = points.reduce((sum, { pictures }) => sum + pictures, 0);
  const whole = points.reduce((sum, { pictures, share }) => sum + pictures * share, 0) / all;
  drawing.rect(left, yOf(whole), width, 1, PALE);
  const column = width / points.length;
  const xOf = (i: number): number => Math.round(left + (i + 0.5) * column);
  const line = points.map(({ share }, i) => [xOf(i), yOf(share)] as const);
  if (ordered && line.length > 1) drawing.path(line, BLUE, 2);
  for (const [i, { name, pictures, share, low, high }] of points.entries()) {
    const [x, y] = [xOf(i), yOf(share)];
    drawing.rect(x, yOf(high), 1, Math.max(1, yOf(low) - yOf(high)), BLUE);
    for (const end of [low, high]) drawing.rect(x - 3, yOf(end), 7, 1, BLUE);
    drawing.rect(x - 2, y - 2, 5, 5, BLUE);
    for (const [n, word] of linesOf(name, column - 2).entries()) {
      drawing.text(word, x, yOf(0) + 16 + n * 13, { ...small, align: "center" });
    }
    drawing.text(`n ${pictures}`, x, yOf(0) + 43, { color: PALE, size: SMALL, align: "center" });
  }
}

/** A name in two lines at most. */
function linesOf(name: string, room: number): string[] {
  const [from, to] = name.split(" to ");
  if (from !== undefined && to !== undefined) {
    return [fitText(from, SMALL, room), fitText(`– ${to}`, SMALL, room)];
  }
  return [fitText(name, SMALL, room)];
}

import { type Color, Drawing, type Figure } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { CAPITAL, headingOf, INK, LEADING, LINE, MARGIN, QUIET, SMALL, TEXT } from "./layout.ts";
import { fitText, textWidth, wrapText } from "./lettering.ts";

/** One bar. */
export interface LayerBar {
  /** Absent where there is no such number. */
  readonly value?: number | undefined;
  /** Another number on the same scale, shown as a mark. */
  readonly mark?: number | undefined;
}

export interface BarPanel {
  readonly heading: string;
  /** For each row its bars, one a series. */
  readonly rows: readonly (readonly LayerBar[])[];
  /** The least end of the scale. Default 1. */
  readonly end?: number | undefined;
  /** The values are counts, written without a point. Default false. */
  readonly counts?: boolean | undefined;
}

export interface LayerBarsOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Names of the rows: layers, in order. */
  readonly rows: readonly string[];
  /** Names of the bars of a row. */
  readonly series: readonly string[];
  /** What a mark means; absent where there are none. */
  readonly mark?: string | undefined;
  /** Numbers that are of one scale each, side by side. */
  readonly panels: readonly BarPanel[];
  readonly notes?: readonly string[] | undefined;
}

const COLORS: readonly Color[] = [
  [38, 98, 166],
  [217, 128, 38],
  [72, 150, 92],
  [150, 92, 160],
  [190, 66, 62],
  [52, 158, 170],
  [120, 120, 124],
];
const GREY: Color = [136, 142, 152];
const BAR = 11;
const BETWEEN_BARS = 3;
const BETWEEN_ROWS = 12;
const PANEL = 300;
const BETWEEN_PANELS = 40;
/** Room for a number beyond the longest bar. */
const NUMBER = 44;
const MOST_NAME = 220;

/** Draws numbers of layers as bars, one row a layer, in the order of the network. */
export function composeLayerBars(options: LayerBarsOptions): Figure {
  const { title, subtitle, rows, series, mark, panels, notes = [] } = options;
  const names = Math.min(MOST_NAME, Math.ceil(Math.max(...rows.map((name) => textWidth(name, TEXT))))) + 14;
  const left = MARGIN + names;
  const right = left + panels.length * (PANEL + BETWEEN_PANELS) - BETWEEN_PANELS;
  const room = right - MARGIN;
  const heading = headingOf({ title, subtitle }, room);
  const legend = series.length > 1 || mark !== undefined ? LEADING + 8 : 0;
  const block = series.length * (BAR + BETWEEN_BARS) - BETWEEN_BARS;
  const top = heading.bottom + legend + LEADING + 6;
  const bottom = top + rows.length * (block + BETWEEN_ROWS);
  const words = notes.flatMap((note) => wrapText(note, TEXT, room, 4));
  const foot = bottom + LEADING + (words.length > 0 ? 10 + words.length * LEADING : 0);
  const drawing = new Drawing(right + MARGIN, foot + MARGIN - 10);
  heading.draw(drawing);
  if (legend > 0) drawLegend(drawing, series, mark, left, heading.bottom);
  for (const [r, name] of rows.entries()) {
    const y = top + r * (block + BETWEEN_ROWS) + BETWEEN_ROWS / 2;
    const baseline = Math.round(y + block / 2 + CAPITAL / 2);
    drawing.text(fitText(name, TEXT, names - 14), left - 14, baseline, {
      color: INK,
      size: TEXT,
      align: "right",
    });
  }
  for (const [p, panel] of panels.entries()) {
    drawPanel(drawing, panel, left + p * (PANEL + BETWEEN_PANELS), [top, bottom], block);
  }
  for (const [line, text] of words.entries()) {
    drawing.text(text, MARGIN, bottom + LEADING + 10 + CAPITAL + line * LEADING, {
      color: QUIET,
      size: TEXT,
    });
  }
  return drawing.toFigure(title);
}

function drawLegend(
  drawing: Drawing,
  series: readonly string[],
  mark: string | undefined,
  left: number,
  y: number,
): void {
  let x = left;
  const word = (text: string): void => {
    drawing.text(text, x, y + CAPITAL, { color: INK, size: TEXT });
    x += Math.ceil(textWidth(text, TEXT)) + 18;
  };
  for (const [s, name] of series.length > 1 ? series.entries() : []) {
    drawing.rect(x, y, 10, CAPITAL, colorOf(s));
    x += 15;
    word(name);
  }
  if (mark === undefined) return;
  drawing.rect(x, y - 2, 2, CAPITAL + 4, INK);
  x += 8;
  word(mark);
}

function drawPanel(
  drawing: Drawing,
  { heading, rows, end = 1, counts = false }: BarPanel,
  left: number,
  [top, bottom]: readonly [number, number],
  block: number,
): void {
  drawing.text(fitText(heading, TEXT, PANEL, 600), left, top - 8, { color: INK, size: TEXT, weight: 600 });
  const all = rows.flat().flatMap(({ value, mark }) => [value ?? 0, mark ?? 0]);
  const most = Math.max(end, ...all);
  const scale = (PANEL - NUMBER) / most;
  const step = most > 4 ? Math.ceil(most / 4) : most > 2 ? 1 : most > 1 || most === 1 ? 0.5 : most / 2;
  for (let tick = 0; tick <= most + 1e-9; tick += step) {
    const x = left + Math.round(tick * scale);
    drawing.rect(x, top, 1, bottom - top, LINE);
    drawing.text(formatNumber(tick), x, bottom + CAPITAL + 5, { color: QUIET, size: SMALL, align: "center" });
  }
  for (const [r, bars] of rows.entries()) {
    // A single number of a row that has several elsewhere stands in the middle, and is of no series.
    const apart = bars.length === 1 && block > BAR;
    for (const [s, { value, mark }] of bars.entries()) {
      const own = apart ? (block - BAR) / 2 : s * (BAR + BETWEEN_BARS);
      const y = top + r * (block + BETWEEN_ROWS) + BETWEEN_ROWS / 2 + own;
      const length = Math.round(Math.max(0, value ?? 0) * scale);
      if (value !== undefined) drawing.rect(left, y, Math.max(1, length), BAR, apart ? GREY : colorOf(s));
      const at = mark === undefined ? undefined : Math.round(Math.max(0, mark) * scale);
      if (at !== undefined) drawing.rect(left + at - 1, y - 1, 2, BAR + 2, INK);
      const text = value === undefined ? "–" : counts ? String(value) : shortNumber(value);
      // The number belongs to the bar, and stands beside it where no mark is in its way.
      const free = at === undefined || at < length - 2 || at > length + 10 + textWidth(text, SMALL);
      const beyond = left + (free ? length : (at ?? 0)) + 6;
      drawing.text(text, beyond, y + BAR - 2, { color: QUIET, size: SMALL });
    }
  }
}

const colorOf = (series: number): Color => COLORS[series % COLORS.length] ?? QUIET;

/** Two digits behind the point, or three of a small number. */
function shortNumber(value: number): string {
  const text =
    Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(2) : formatNumber(Number(value.toPrecision(2)));
  return text.replace("-", "−");
}

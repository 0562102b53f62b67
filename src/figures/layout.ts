import type { Pixels } from "../images/pixels.ts";
import { Canvas, type Color, fitText, textWidth } from "./canvas.ts";

/** What the colours of a panel mean. */
export interface ColorBar {
  /** 256 colours, low to high. */
  readonly table: Uint8Array;
  readonly min: number;
  readonly max: number;
}

/** One picture of a figure. */
export interface Panel {
  readonly picture: Pixels;
  /** Lines below it. */
  readonly caption: readonly string[];
  readonly bar?: ColorBar;
  /** Numbers at its left edge, each at a row of the picture. */
  readonly rows?: readonly { readonly y: number; readonly text: string }[];
}

/** A figure's words and pictures. */
export interface Layout {
  readonly title: string;
  readonly subtitle?: string;
  readonly panels: readonly Panel[];
}

export const INK: Color = [28, 30, 34];
export const QUIET: Color = [104, 108, 116];
export const LINE: Color = [196, 199, 204];

export const MARGIN = 28;
const BETWEEN = 28;
export const TITLE = 12;
export const TEXT = 9;
export const LEADING = 18;
const BAR = { room: 10, width: 14, tick: 4, least: 72 } as const;

/** A number as people read it: three digits, a true minus. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  const text = size >= 1e5 || size < 1e-3 ? short.toExponential() : String(short);
  return text.replace("e+", "e").replaceAll("-", "−");
}

/** Sets pictures side by side, with a title above, captions below and a colour bar beside those that have one. */
export function layOut({ title, subtitle, panels }: Layout): Canvas {
  const placed: { panel: Panel; x: number; width: number }[] = [];
  let x = MARGIN;
  for (const panel of panels) {
    const gutter = Math.max(0, ...(panel.rows ?? []).map(({ text }) => textWidth(text, TEXT - 1) + 8));
    const beside = panel.bar ? BAR.room + BAR.width + BAR.tick + 4 + tickWidth(panel.bar) : 0;
    x += Math.ceil(gutter);
    placed.push({ panel, x, width: panel.picture.width + Math.ceil(beside) });
    x += panel.picture.width + Math.ceil(beside) + BETWEEN;
  }
  const top = MARGIN + TITLE + (subtitle ? LEADING + 4 : 0) + 18;
  const tallest = Math.max(
    ...panels.map((panel) =>
      Math.max(panel.picture.height + 6 + panel.caption.length * LEADING, barHeight(panel)),
    ),
  );
  const canvas = new Canvas(Math.max(x - BETWEEN + MARGIN, 320), top + tallest + MARGIN - 10);

  const room = canvas.width - 2 * MARGIN;
  canvas.text(fitText(title, TITLE, room), MARGIN, MARGIN + TITLE, { color: INK, size: TITLE, weight: 0.14 });
  if (subtitle) {
    canvas.text(fitText(subtitle, TEXT, room), MARGIN, MARGIN + TITLE + LEADING + 4, {
      color: QUIET,
      size: TEXT,
    });
  }
  for (const { panel, x: left, width } of placed) {
    const { picture, caption, bar, rows = [] } = panel;
    canvas.draw(picture, left, top);
    canvas.frame(left, top, picture.width, picture.height, LINE);
    for (const { y, text } of rows) {
      canvas.text(text, left - 8, top + y + TEXT, { color: QUIET, size: TEXT - 1, align: "right" });
    }
    for (const [line, text] of caption.entries()) {
      canvas.text(
        fitText(text, TEXT, barHeight(panel) > picture.height ? picture.width : width),
        left,
        top + picture.height + 6 + TEXT + 4 + line * LEADING,
        {
          color: line === 0 ? INK : QUIET,
          size: TEXT,
        },
      );
    }
    if (bar) drawBar(canvas, bar, left + picture.width + BAR.room, top, barHeight(panel));
  }
  return canvas;
}

/** A colour bar is never so short that its numbers meet. */
function barHeight({ picture, bar }: Panel): number {
  return bar ? Math.max(picture.height, BAR.least) : 0;
}

function ticksOf({ min, max }: ColorBar): number[] {
  return min === max ? [min] : [min, (min + max) / 2, max];
}

function tickWidth(bar: ColorBar): number {
  return Math.max(...ticksOf(bar).map((tick) => textWidth(formatNumber(tick), TEXT)));
}

function drawBar(canvas: Canvas, bar: ColorBar, left: number, top: number, height: number): void {
  const { table, min, max } = bar;
  for (let row = 0; row < height; row++) {
    const entry = 3 * Math.round(((height - 1 - row) / Math.max(1, height - 1)) * 255);
    canvas.rect(left, top + row, BAR.width, 1, [
      table[entry] ?? 0,
      table[entry + 1] ?? 0,
      table[entry + 2] ?? 0,
    ]);
  }
  canvas.frame(left, top, BAR.width, height, LINE);
  for (const tick of ticksOf(bar)) {
    const share = min === max ? 0.5 : (tick - min) / (max - min);
    const y = Math.round((1 - share) * (height - 1));
    const zero = tick === 0 && min < 0;
    canvas.rect(left + (zero ? 0 : BAR.width), top + y, BAR.tick + (zero ? BAR.width : 0), 1, INK);
    // The outer numbers stay within the bar's height.
    const baseline = Math.min(height, Math.max(TEXT, y + TEXT / 2));
    canvas.text(formatNumber(tick), left + BAR.width + BAR.tick + 4, top + baseline, {
      color: INK,
      size: TEXT,
    });
  }
}

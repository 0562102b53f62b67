import { colorMap } from "./color-maps.ts";
import { type Color, Drawing, type Figure, type PixelPicture } from "./drawing.ts";
import type { DrawnMap } from "./drawn-map.ts";
import { formatNumber } from "./format-number.ts";
import { fitText, textWidth, wrapText } from "./lettering.ts";

/** A bar that tells what the colours of a panel mean. */
export interface ColorBar {
  /** 256 colours, low to high. */
  readonly table: Uint8Array;
  readonly min: number;
  readonly max: number;
}

/** The colour bar of a map. */
export function barOf({ colors, min, max }: DrawnMap): ColorBar {
  return { table: colorMap(colors), min, max };
}

const GREY = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));

/** The colour bar of values that are shown as a picture: grey is zero. */
export function greyBar(scale: number): ColorBar {
  return { table: GREY, min: -scale, max: scale };
}

/** One picture of a figure. */
export interface Panel {
  readonly picture: PixelPicture | Drawing;
  /** Lines below it; a longer one is wrapped. */
  readonly caption: readonly string[];
  readonly bar?: ColorBar | undefined;
  /** Numbers at its left edge, each at a row of the picture. */
  readonly rows?: readonly { readonly y: number; readonly text: string }[] | undefined;
}

/** A figure's words and pictures. */
export interface Layout {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly panels: readonly Panel[];
}

export const INK: Color = [28, 30, 34];
export const QUIET: Color = [104, 108, 116];
export const LINE: Color = [196, 199, 204];

export const MARGIN = 28;
const BETWEEN = 28;
/** Sizes of the letters, and how high their capitals are. */
const TITLE = { size: 16, capital: 12 } as const;
export const TEXT = 12;
export const CAPITAL = 9;
export const SMALL = 11;
/** Distance from a baseline to the next. */
export const LEADING = 18;
const TITLE_LEADING = 22;
const LEAST_WIDTH = 320;
/** The least width of a panel with its captions, so that those of narrow pictures do not meet. */
const LEAST_COLUMN = 120;
const BAR = { room: 10, width: 14, tick: 4, least: 72 } as const;
/** Lines into which a title and a line of a caption may be wrapped. */
const MOST_LINES = 3;

/** A title and the line below it, at the top of a figure. */
export interface Heading {
  /** The place where what comes below may begin. */
  readonly bottom: number;
  draw(drawing: Drawing): void;
}

/** Sets a title and the line below it in a width; what is longer is wrapped. */
export function headingOf(
  { title, subtitle = "" }: { readonly title: string; readonly subtitle?: string | undefined },
  room: number,
): Heading {
  const titles = wrapText(title, TITLE.size, room, MOST_LINES, 600);
  const lines = wrapText(subtitle, TEXT, room, MOST_LINES);
  const first = MARGIN + TITLE.capital;
  const last = first + Math.max(0, titles.length - 1) * TITLE_LEADING;
  return {
    bottom: last + (lines.length > 0 ? 4 + lines.length * LEADING : 0) + 18,
    draw(drawing) {
      for (const [line, text] of titles.entries()) {
        const style = { color: INK, size: TITLE.size, weight: 600 } as const;
        drawing.text(text, MARGIN, first + line * TITLE_LEADING, style);
      }
      for (const [line, text] of lines.entries()) {
        drawing.text(text, MARGIN, last + 4 + (line + 1) * LEADING, { color: QUIET, size: TEXT });
      }
    },
  };
}

/** Sets pictures side by side, with a title above, captions below and a colour bar beside those that have one. */
export function layOut({ title, subtitle, panels }: Layout): Figure {
  const placed: { panel: Panel; x: number; captions: readonly Caption[] }[] = [];
  let x = MARGIN;
  for (const panel of panels) {
    const gutter = Math.max(0, ...(panel.rows ?? []).map(({ text }) => textWidth(text, SMALL) + 8));
    const beside = panel.bar ? BAR.room + BAR.width + BAR.tick + 4 + tickWidth(panel.bar) : 0;
    x += Math.ceil(gutter);
    const { width, height } = panel.picture;
    const column = Math.max(width + Math.ceil(beside), LEAST_COLUMN);
    const room = barHeight(panel) > height ? width : column;
    placed.push({ panel, x, captions: captionsOf(panel, room) });
    x += column + BETWEEN;
  }
  const width = Math.max(x - BETWEEN + MARGIN, LEAST_WIDTH);
  const heading = headingOf({ title, subtitle }, width - 2 * MARGIN);
  const top = heading.bottom;
  const tallest = Math.max(
    ...placed.map(({ panel, captions }) =>
      Math.max(panel.picture.height + 6 + captions.length * LEADING, barHeight(panel)),
    ),
  );
  const drawing = new Drawing(width, top + tallest + MARGIN - 10);
  heading.draw(drawing);
  for (const { panel, x: left, captions } of placed) {
    const { picture, bar, rows = [] } = panel;
    drawing.place(picture, left, top);
    drawing.frame(left, top, picture.width, picture.height, LINE);
    for (const { y, text } of rows) {
      drawing.text(text, left - 8, top + y + CAPITAL, { color: QUIET, size: SMALL, align: "right" });
    }
    for (const [line, { text, color }] of captions.entries()) {
      const baseline = top + picture.height + 6 + CAPITAL + 4 + line * LEADING;
      drawing.text(text, left, baseline, { color, size: TEXT });
    }
    if (bar) drawBar(drawing, bar, left + picture.width + BAR.room, top, barHeight(panel));
  }
  return drawing.toFigure(title);
}

interface Caption {
  readonly text: string;
  readonly color: Color;
}

/** The lines below a panel; what its own line has no room for goes on in the next. */
function captionsOf({ caption }: Panel, room: number): Caption[] {
  return caption.flatMap((text, i) =>
    wrapText(text, TEXT, Math.max(room, 72), MOST_LINES).map((line) => ({
      text: line,
      color: i === 0 ? INK : QUIET,
    })),
  );
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

function drawBar(drawing: Drawing, bar: ColorBar, left: number, top: number, height: number): void {
  const { table, min, max } = bar;
  drawing.place(
    barPicture(table, BAR.width, height, (_, y) => (height - 1 - y) / Math.max(1, height - 1)),
    left,
    top,
  );
  drawing.frame(left, top, BAR.width, height, LINE);
  for (const tick of ticksOf(bar)) {
    const share = min === max ? 0.5 : (tick - min) / (max - min);
    const y = Math.round((1 - share) * (height - 1));
    const zero = tick === 0 && min < 0;
    drawing.rect(left + (zero ? 0 : BAR.width), top + y, BAR.tick + (zero ? BAR.width : 0), 1, INK);
    // The outer numbers stay within the bar's height.
    const baseline = Math.round(Math.min(height, Math.max(CAPITAL, y + CAPITAL / 2)));
    const style = { color: INK, size: TEXT } as const;
    drawing.text(formatNumber(tick), left + BAR.width + BAR.tick + 4, top + baseline, style);
  }
}

/** Height of a colour bar that lies. */
export const LYING_BAR = 9;

/** Draws a colour bar from left to right with its ends below, and zero in the middle where it has one. */
export function drawLyingBar(
  drawing: Drawing,
  { table, min, max }: ColorBar,
  x: number,
  y: number,
  width: number,
): void {
  drawing.place(
    barPicture(table, width, LYING_BAR, (column) => column / Math.max(1, width - 1)),
    x,
    y,
  );
  drawing.frame(x, y, width, LYING_BAR, LINE);
  const baseline = y + LYING_BAR + 4 + CAPITAL;
  const style = { color: INK, size: TEXT } as const;
  const [low, high] = [formatNumber(min), formatNumber(max)];
  const ends = textWidth(low, TEXT) + textWidth(high, TEXT);
  // On a narrow picture the ends would meet.
  if (ends + 8 <= width) drawing.text(low, x, baseline, style);
  drawing.text(fitText(high, TEXT, width), x + width, baseline, { ...style, align: "right" });
  const free = width / 2 - Math.max(textWidth(low, TEXT), textWidth(high, TEXT));
  if (min < 0 && max > 0 && free > 16) {
    drawing.text("0", x + width / 2, baseline, { ...style, align: "center" });
  }
}

/** The colours of a bar, each pixel at a share of the table. */
function barPicture(
  table: Uint8Array,
  width: number,
  height: number,
  share: (x: number, y: number) => number,
): PixelPicture {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const entry = 3 * Math.round(share(i % width, Math.floor(i / width)) * 255);
    data.set(table.subarray(entry, entry + 3), 3 * i);
  }
  return { width, height, data };
}

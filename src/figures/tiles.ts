import type { Pixels } from "../images/pixels.ts";
import { Canvas, fitText, textWidth, wrapText } from "./canvas.ts";
import { type ColorBar, formatNumber, INK, LEADING, LINE, MARGIN, QUIET, TEXT, TITLE } from "./layout.ts";
import { drawTable, measureTable, type Table } from "./table.ts";

/** One small picture with its words. */
export interface Tile {
  /** Absent where there is none; then `caption` stands in its place. */
  readonly picture?: Pixels;
  /** Above it. */
  readonly label?: string;
  /** Below it, lying. */
  readonly bar?: ColorBar;
  readonly caption: readonly string[];
}

/** Tiles that belong together, side by side. */
export interface TileGroup {
  readonly heading?: string;
  readonly tiles: readonly Tile[];
}

export interface TileLayout {
  readonly title: string;
  readonly subtitle?: string;
  /** Size of a tile's picture. */
  readonly width: number;
  readonly height: number;
  /** Groups, line by line; headings stand above them, or with `beside` at the left. */
  readonly lines: readonly (readonly TileGroup[])[];
  readonly beside?: boolean;
  /** One colour bar for all, below. */
  readonly bar?: ColorBar & { readonly unit: string };
  readonly notes?: readonly string[];
  readonly table?: Table;
}

const GAP = 12;
const GROUPS = 30;
const LINES = 18;
const SIDE = 150;
const BAR = 9;
const EMPTY = [240, 241, 243] as const;

/** Sets many small pictures in lines, with headings, a colour bar each, and a table beneath. */
export function layOutTiles(layout: TileLayout): Canvas {
  const { title, subtitle, width, height, lines, beside = false, bar, notes = [], table } = layout;
  const tiles = lines.flat().flatMap((group) => group.tiles);
  const label = tiles.some((tile) => tile.label) ? LEADING : 0;
  const heading = !beside && lines.flat().some((group) => group.heading) ? LEADING + 2 : 0;
  const barred = tiles.some((tile) => tile.bar) ? BAR + 4 + LEADING : 0;
  const captions = Math.max(0, ...tiles.map((tile) => (tile.picture ? tile.caption.length : 0)));
  const block = heading + label + height + 6 + barred + captions * LEADING;
  const left = MARGIN + (beside && lines.flat().some((group) => group.heading) ? SIDE : 0);
  const groupWidth = (group: TileGroup) => group.tiles.length * (width + GAP) - GAP;
  const widest = Math.max(
    ...lines.map((groups) => groups.reduce((sum, group) => sum + groupWidth(group) + GROUPS, -GROUPS)),
  );
  const top = MARGIN + TITLE + (subtitle ? LEADING + 4 : 0) + 18;
  const tableWidth = table ? measureTable(table, 0).width : 0;
  const right = Math.max(left + widest, MARGIN + tableWidth, 320 - MARGIN);
  const room = right - MARGIN;
  const measured = table && measureTable(table, room);
  const below = top + lines.length * (block + LINES) - LINES;
  const foot =
    (bar ? LINES + BAR + 6 + 2 * LEADING : 0) + (notes.length > 0 ? LINES + notes.length * LEADING : 0);
  const canvas = new Canvas(
    right + MARGIN,
    below + foot + (measured ? LINES + 14 + measured.height : 0) + MARGIN - 8,
  );
  canvas.text(fitText(title, TITLE, room), MARGIN, MARGIN + TITLE, { color: INK, size: TITLE, weight: 0.14 });
  if (subtitle) {
    const at = MARGIN + TITLE + LEADING + 4;
    canvas.text(fitText(subtitle, TEXT, room), MARGIN, at, { color: QUIET, size: TEXT });
  }
  for (const [i, groups] of lines.entries()) {
    const y = top + i * (block + LINES);
    let x = left;
    for (const group of groups) {
      if (group.heading && beside) {
        for (const [line, text] of wrapText(group.heading, TEXT, SIDE - 16, 6).entries()) {
          const at = y + label + TEXT + 2 + line * LEADING;
          canvas.text(text, MARGIN, at, { color: INK, size: TEXT, weight: 0.15 });
        }
      } else if (group.heading) {
        const text = fitText(group.heading, TEXT, groupWidth(group));
        canvas.text(text, x, y + TEXT, { color: INK, size: TEXT, weight: 0.16 });
      }
      for (const tile of group.tiles) {
        drawTile(canvas, tile, [x, y + heading], [width, height], label);
        x += width + GAP;
      }
      x += GROUPS - GAP;
    }
  }
  let y = below + LINES;
  if (bar) {
    const long = Math.min(widest, 320);
    lyingBar(canvas, bar, left, y, long);
    canvas.text(fitText(bar.unit, TEXT, widest), left, y + BAR + 6 + 2 * LEADING - 4, {
      color: QUIET,
      size: TEXT,
    });
    y += BAR + 6 + 2 * LEADING + LINES;
  }
  for (const note of notes) {
    canvas.text(fitText(note, TEXT, room), MARGIN, y + TEXT, { color: QUIET, size: TEXT });
    y += LEADING;
  }
  if (notes.length > 0) y += LINES;
  if (table) drawTable(canvas, table, MARGIN, y + 14 - (notes.length > 0 ? LINES : 0), room);
  return canvas;
}

function drawTile(
  canvas: Canvas,
  { picture, label, bar, caption }: Tile,
  [x, y]: readonly [number, number],
  [width, height]: readonly [number, number],
  above: number,
): void {
  const top = y + above;
  if (label) canvas.text(fitText(label, TEXT, width), x, y + TEXT, { color: INK, size: TEXT });
  if (!picture && caption.length === 0) return;
  if (!picture) {
    canvas.rect(x, top, width, height, EMPTY);
    const lines = wrapText(
      caption.join(" "),
      TEXT,
      width - 20,
      Math.max(1, Math.floor((height - 20) / LEADING)),
    );
    for (const [line, text] of lines.entries()) {
      canvas.text(text, x + 10, top + 10 + TEXT + line * LEADING, { color: QUIET, size: TEXT });
    }
    return;
  }
  canvas.draw(picture, x, top);
  canvas.frame(x, top, picture.width, picture.height, LINE);
  let below = top + picture.height + 6;
  if (bar) {
    lyingBar(canvas, bar, x, below, picture.width);
    below += BAR + 4 + LEADING;
  }
  for (const [line, text] of caption.entries()) {
    const at = below + TEXT + 2 + line * LEADING;
    canvas.text(fitText(text, TEXT, width), x, at, { color: QUIET, size: TEXT });
  }
}

/** A colour bar from left to right with its ends below, and zero where it has one in the middle. */
function lyingBar(canvas: Canvas, { table, min, max }: ColorBar, x: number, y: number, width: number): void {
  for (let column = 0; column < width; column++) {
    const entry = 3 * Math.round((column / Math.max(1, width - 1)) * 255);
    const color = [table[entry] ?? 0, table[entry + 1] ?? 0, table[entry + 2] ?? 0] as const;
    canvas.rect(x + column, y, 1, BAR, color);
  }
  canvas.frame(x, y, width, BAR, LINE);
  const at = y + BAR + 4 + TEXT;
  const style = { color: INK, size: TEXT } as const;
  const [low, high] = [formatNumber(min), formatNumber(max)];
  canvas.text(low, x, at, style);
  canvas.text(high, x + width, at, { ...style, align: "right" });
  const free = width / 2 - Math.max(textWidth(low, TEXT), textWidth(high, TEXT));
  if (min < 0 && max > 0 && free > 16) canvas.text("0", x + width / 2, at, { ...style, align: "center" });
}

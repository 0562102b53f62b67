import { Drawing, type Figure, type PixelPicture } from "./drawing.ts";
import {
  CAPITAL,
  type ColorBar,
  drawLyingBar,
  headingOf,
  INK,
  LEADING,
  LINE,
  LYING_BAR,
  MARGIN,
  QUIET,
  TEXT,
} from "./layout.ts";
import { fitText, wrapText } from "./lettering.ts";
import { drawTable, type FigureTable, measureTable } from "./table.ts";

/** One small picture with its words. */
export interface Tile {
  /** Absent where there is none; then `caption` stands in its place. */
  readonly picture?: PixelPicture | Drawing | undefined;
  /** Above it. */
  readonly label?: string | undefined;
  /** Below it, lying. */
  readonly bar?: ColorBar | undefined;
  readonly caption: readonly string[];
}

/** Tiles that belong together, side by side. */
export interface TileGroup {
  readonly heading?: string | undefined;
  readonly tiles: readonly Tile[];
}

export interface TileLayout {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Size of a tile's picture. */
  readonly width: number;
  readonly height: number;
  /** Groups, line by line; headings stand above them, or with `beside` at the left. */
  readonly lines: readonly (readonly TileGroup[])[];
  readonly beside?: boolean | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly table?: FigureTable | undefined;
}

const GAP = 12;
const GROUPS = 30;
const LINES = 18;
const SIDE = 150;
const LEAST_WIDTH = 320;
const EMPTY = [240, 241, 243] as const;

/** Sets many small pictures in lines, with headings, a colour bar each, and a table beneath. */
export function layOutTiles(layout: TileLayout): Figure {
  const { title, subtitle, width, height, lines, beside = false, notes = [], table } = layout;
  const tiles = lines.flat().flatMap((group) => group.tiles);
  const label = tiles.some((tile) => tile.label) ? LEADING : 0;
  const above = !beside && lines.flat().some((group) => group.heading) ? LEADING + 2 : 0;
  const barred = tiles.some((tile) => tile.bar) ? LYING_BAR + 4 + LEADING : 0;
  const captions = Math.max(0, ...tiles.map((tile) => (tile.picture ? tile.caption.length : 0)));
  const block = above + label + height + 6 + barred + captions * LEADING;
  const left = MARGIN + (beside && lines.flat().some((group) => group.heading) ? SIDE : 0);
  const groupWidth = (group: TileGroup) => group.tiles.length * (width + GAP) - GAP;
  const widest = Math.max(
    ...lines.map((groups) => groups.reduce((sum, group) => sum + groupWidth(group) + GROUPS, -GROUPS)),
  );
  const right = Math.max(
    left + widest,
    MARGIN + (table ? measureTable(table, 0).width : 0),
    LEAST_WIDTH - MARGIN,
  );
  const room = right - MARGIN;
  const heading = headingOf({ title, subtitle }, room);
  const top = heading.bottom;
  const words = notes.flatMap((note) => wrapText(note, TEXT, room, 4));
  const below = top + lines.length * (block + LINES) - LINES;
  const foot = words.length > 0 ? LINES + words.length * LEADING : 0;
  const beneath = table ? LINES + 14 + measureTable(table, room).height : 0;
  const drawing = new Drawing(right + MARGIN, below + foot + beneath + MARGIN - 8);
  heading.draw(drawing);
  for (const [i, groups] of lines.entries()) {
    const y = top + i * (block + LINES);
    let x = left;
    for (const group of groups) {
      const style = { color: INK, size: TEXT, weight: 600 } as const;
      if (group.heading && beside) {
        for (const [line, text] of wrapText(group.heading, TEXT, SIDE - 16, 6, 600).entries()) {
          drawing.text(text, MARGIN, y + label + CAPITAL + 2 + line * LEADING, style);
        }
      } else if (group.heading) {
        drawing.text(fitText(group.heading, TEXT, groupWidth(group), 600), x, y + CAPITAL, style);
      }
      for (const tile of group.tiles) {
        drawTile(drawing, tile, [x, y + above], [width, height], label);
        x += width + GAP;
      }
      x += GROUPS - GAP;
    }
  }
  let y = below + LINES;
  for (const note of words) {
    drawing.text(note, MARGIN, y + CAPITAL, { color: QUIET, size: TEXT });
    y += LEADING;
  }
  if (table) drawTable(drawing, table, MARGIN, y + 14, room);
  return drawing.toFigure(title);
}

function drawTile(
  drawing: Drawing,
  { picture, label, bar, caption }: Tile,
  [x, y]: readonly [number, number],
  [width, height]: readonly [number, number],
  above: number,
): void {
  const top = y + above;
  if (label) drawing.text(fitText(label, TEXT, width), x, y + CAPITAL, { color: INK, size: TEXT });
  if (!picture && caption.length === 0) return;
  if (!picture) {
    drawing.rect(x, top, width, height, EMPTY);
    const most = Math.max(1, Math.floor((height - 20) / LEADING));
    for (const [line, text] of wrapText(caption.join(" "), TEXT, width - 20, most).entries()) {
      const baseline = top + 10 + CAPITAL + line * LEADING;
      drawing.text(text, x + 10, baseline, { color: QUIET, size: TEXT });
    }
    return;
  }
  drawing.place(picture, x, top);
  drawing.frame(x, top, picture.width, picture.height, LINE);
  let below = top + picture.height + 6;
  if (bar) {
    drawLyingBar(drawing, bar, x, below, picture.width);
    below += LYING_BAR + 4 + LEADING;
  }
  for (const [line, text] of caption.entries()) {
    const baseline = below + CAPITAL + 2 + line * LEADING;
    drawing.text(fitText(text, TEXT, width), x, baseline, { color: QUIET, size: TEXT });
  }
}

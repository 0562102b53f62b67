import { type Color, Drawing } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { CAPITAL, LINE, QUIET, SMALL } from "./layout.ts";

const BLUE: Color = [38, 98, 166];
const ROOM = 10;

/** Draws values over steps: a line with its ends in numbers, and where zero lies, if it lies between. */
export function drawCurve(values: ArrayLike<number>, [width, height]: readonly [number, number]): Drawing {
  const drawing = new Drawing(width, height);
  const all = Array.from(values);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const span = most - least || 1;
  const [top, bottom] = [ROOM + CAPITAL + 8, height - ROOM - CAPITAL - 8];
  const yOf = (value: number): number =>
    most === least ? (top + bottom) / 2 : bottom - ((value - least) / span) * (bottom - top);
  const xOf = (i: number): number => ROOM + (i / Math.max(1, all.length - 1)) * (width - 2 * ROOM);
  if (least < 0 && most > 0) drawing.rect(ROOM, Math.round(yOf(0)), width - 2 * ROOM, 1, LINE);
  const [first = 0] = all;
  const points = all.map((value, i) => [xOf(i), yOf(value)] as const);
  drawing.path(points.length > 1 ? points : [...points, [width - ROOM, yOf(first)]], BLUE);
  const style = { color: QUIET, size: SMALL } as const;
  drawing.text(formatNumber(most), ROOM, ROOM + CAPITAL, style);
  drawing.text(formatNumber(least), ROOM, height - ROOM, style);
  return drawing;
}

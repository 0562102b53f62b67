import type { Pixels } from "../images/pixels.ts";
import { Canvas, type Color, fitText } from "./canvas.ts";

const MARGIN = 16;
const BETWEEN = 12;
const TEXT = 9;
const LINE = 24;
const INK: Color = [28, 30, 34];

/** Sets pictures of one size side by side, each with a line of text below. */
export function renderContactSheet(
  pictures: readonly { readonly picture: Pixels; readonly text: string }[],
): Pixels {
  const width = Math.max(...pictures.map(({ picture }) => picture.width));
  const height = Math.max(...pictures.map(({ picture }) => picture.height));
  const columns = Math.max(1, Math.min(pictures.length, Math.ceil(Math.sqrt(pictures.length * 1.6))));
  const rows = Math.ceil(pictures.length / columns);
  const canvas = new Canvas(
    2 * MARGIN + columns * (width + BETWEEN) - BETWEEN,
    2 * MARGIN + rows * (height + LINE) - 4,
  );
  for (const [i, { picture, text }] of pictures.entries()) {
    const x = MARGIN + (i % columns) * (width + BETWEEN);
    const y = MARGIN + Math.floor(i / columns) * (height + LINE);
    canvas.draw(picture, x, y);
    canvas.text(fitText(text, TEXT, width), x, y + height + TEXT + 6, { color: INK, size: TEXT });
  }
  return canvas;
}

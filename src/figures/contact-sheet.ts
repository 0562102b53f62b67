import type { Pixels } from "../images/pixels.ts";
import { Drawing, type Figure } from "./drawing.ts";
import { CAPITAL, INK, TEXT } from "./layout.ts";
import { fitText, textWidth } from "./lettering.ts";

const MARGIN = 16;
const BETWEEN = 12;
const LINE = 24;
/** Width up to which a text makes room for itself beside small pictures. */
const WIDEST = 200;

/** Sets pictures of one size side by side, each with a line of text below; small ones stand so far apart that it can be read. */
export function composeContactSheet(
  pictures: readonly { readonly picture: Pixels; readonly text: string }[],
): Figure {
  const longest = Math.max(...pictures.map(({ text }) => Math.ceil(textWidth(text, TEXT))));
  const width = Math.max(...pictures.map(({ picture }) => picture.width), Math.min(WIDEST, longest));
  const height = Math.max(...pictures.map(({ picture }) => picture.height));
  const columns = Math.max(1, Math.min(pictures.length, Math.ceil(Math.sqrt(pictures.length * 1.6))));
  const rows = Math.ceil(pictures.length / columns);
  const drawing = new Drawing(
    2 * MARGIN + columns * (width + BETWEEN) - BETWEEN,
    2 * MARGIN + rows * (height + LINE) - 4,
  );
  for (const [i, { picture, text }] of pictures.entries()) {
    const x = MARGIN + (i % columns) * (width + BETWEEN);
    const y = MARGIN + Math.floor(i / columns) * (height + LINE);
    drawing.place(picture, x, y);
    drawing.text(fitText(text, TEXT, width), x, y + height + CAPITAL + 6, { color: INK, size: TEXT });
  }
  return drawing.toFigure("");
}

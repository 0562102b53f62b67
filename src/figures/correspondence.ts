import { shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { classColor } from "./class-colors.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { layOut } from "./layout.ts";
import { textWidth } from "./lettering.ts";
import { picturePixels } from "./map-pixels.ts";

/** A place of one picture and its match in another, in pixels. */
export interface DrawnMatch {
  readonly from: { readonly y: number; readonly x: number };
  readonly to: { readonly y: number; readonly x: number };
  readonly mutual: boolean;
}

export interface MatchesFigureOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly pictures: readonly [from: Pixels, to: Pixels];
  readonly names: readonly [from: string, to: string];
  readonly matches: readonly DrawnMatch[];
}

const WHITE: Color = [255, 255, 255];
const BLACK: Color = [20, 22, 26];
const LETTERS = 11;
const SIDE = 384;

/** Draws two pictures with numbers at the places that match: on a color where the match is mutual, on white where not. */
export function composeMatches({ title, subtitle, pictures, names, matches }: MatchesFigureOptions): Figure {
  const panels = pictures.map((pixels, p) => {
    const shown = shownSize(pixels.width, pixels.height, SIDE);
    const picture = new Drawing(shown.width, shown.height);
    picture.place(picturePixels(pixels, shown), 0, 0);
    // Mutual ones last: they lie above the others.
    const order = [...matches.entries()].sort(([, a], [, b]) => Number(a.mutual) - Number(b.mutual));
    for (const [i, match] of order) {
      const { y, x } = p === 0 ? match.from : match.to;
      const at = [
        ((y + 0.5) * shown.height) / pixels.height,
        ((x + 0.5) * shown.width) / pixels.width,
      ] as const;
      drawNumber(picture, String(i + 1), at, match.mutual ? classColor(i) : WHITE);
    }
    const count = matches.filter(({ mutual }) => mutual).length;
    const caption = p === 0 ? `${matches.length} places` : `${count} of ${matches.length} mutual, in color`;
    return { picture, caption: [names[p] ?? "", caption] };
  });
  return layOut({ title, subtitle, panels });
}

/** A number on a plate, whose middle is at a place; it stays within the picture. */
function drawNumber(drawing: Drawing, text: string, [y, x]: readonly [number, number], color: Color): void {
  const width = Math.ceil(textWidth(text, LETTERS, 600)) + 6;
  const height = 14;
  const within = (at: number, size: number, most: number) =>
    Math.round(Math.min(most - size - 1, Math.max(1, at - size / 2)));
  const [left, top] = [within(x, width, drawing.width), within(y, height, drawing.height)];
  drawing.rect(left, top, width, height, color);
  drawing.frame(left, top, width, height, BLACK);
  const [r, g, b] = color;
  drawing.text(text, left + width / 2, top + height - 3, {
    color: 0.3 * r + 0.59 * g + 0.11 * b < 120 ? WHITE : BLACK,
    size: LETTERS,
    align: "center",
    weight: 600,
  });
}

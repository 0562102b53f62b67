import { ADVANCES, RANGES } from "./advances.ts";

/** Weights of the letters, as CSS has them. */
export type Weight = 400 | 600;

const known: Readonly<Record<Weight, ReadonlyMap<number, number>>> = {
  400: advancesOf(ADVANCES.regular),
  600: advancesOf(ADVANCES.semiBold),
};

/** Width of a character that the font lacks, as a share of its size: as square as the widest, and no less than a box. */
const MISSING = 1;
/** Accents, vowel signs and joiners, which change another character and take no room of their own. */
const ATTACHED = /[\p{M}\p{Cf}]/u;

function advancesOf(digits: string): Map<number, number> {
  const advances = new Map<number, number>();
  let at = 0;
  for (const [from, to] of RANGES) {
    for (let code = from; code <= to; code++, at += 2) {
      const advance = Number.parseInt(digits.slice(at, at + 2), 36);
      if (!Number.isNaN(advance)) advances.set(code, advance / 1000);
    }
  }
  return advances;
}

/** True for a character that figures have a glyph of. */
export function isLettered(character: string): boolean {
  return known[400].has(character.codePointAt(0) ?? 0);
}

/** Stands for a character that cannot be drawn. */
export const BOX = "□";

/** A character as it is drawn: itself, a box where the letters lack it, nothing where it only changes another. */
export function drawnCharacter(character: string): string {
  if (isLettered(character)) return character;
  return ATTACHED.test(character) ? "" : BOX;
}

/** Characters that no line of a document may hold: controls, breaks, marks that turn text round, halves of characters. */
const UNWRITABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** A text as it is written: accents joined to their letters, a box for what cannot be written. */
export function writtenText(text: string): string {
  return text.normalize("NFC").replace(UNWRITABLE, BOX);
}

/** The width of a line of text, in pixels. Characters that the font lacks are taken for wide. */
export function textWidth(text: string, size: number, weight: Weight = 400): number {
  let width = 0;
  for (const character of writtenText(text)) {
    const advance = known[weight].get(character.codePointAt(0) ?? 0);
    width += advance ?? (ATTACHED.test(character) ? 0 : MISSING);
  }
  return width * size;
}

/** The text, shortened by an ellipsis until it fits a width in pixels. */
export function fitText(text: string, size: number, width: number, weight: Weight = 400): string {
  if (textWidth(text, size, weight) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size, weight) > width)
    characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** A text in lines of a width in pixels, no more than `most`, the last shortened where it must be. */
export function wrapText(
  text: string,
  size: number,
  width: number,
  most: number,
  weight: Weight = 400,
): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, size, weight) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "") lines.push(line);
  const shown = lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join(" ")] : lines;
  return shown.map((each) => fitText(each, size, width, weight));
}

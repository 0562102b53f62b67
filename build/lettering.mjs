// Bakes src/figures/advances.ts from the Inter fonts: how wide each character is, so that texts are measured without a font.
//
//   node build/lettering.mjs
//
// Run it when the fonts or the characters change.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import opentype from "opentype.js";

/** Code points that figures are lettered in, from and to: Latin, Greek, Cyrillic, punctuation, arrows, mathematics. */
const RANGES = [
  [0x20, 0x7e],
  [0xa0, 0x17f],
  [0x370, 0x3ff],
  [0x400, 0x45f],
  [0x2010, 0x2044],
  [0x2070, 0x209f],
  [0x20ac, 0x20ac],
  [0x2100, 0x214f],
  [0x2190, 0x21ff],
  [0x2200, 0x22ff],
  [0x25a0, 0x25ff],
];

const FONTS = {
  regular: "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf",
  semiBold: "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf",
};

/** Advances in thousandths of the font's size, two digits to base 36 each; "--" where the font has no glyph. */
function advances(path) {
  const bytes = readFileSync(createRequire(import.meta.url).resolve(path));
  const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return RANGES.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
    .map((code) => {
      const index = font.charToGlyphIndex(String.fromCodePoint(code));
      if (index === 0) return "--";
      const advance = Math.ceil((1000 * font.glyphs.get(index).advanceWidth) / font.unitsPerEm);
      // Inter has a few signs that are wider than two digits tell; figures do not use them.
      return advance < 36 ** 2 ? advance.toString(36).padStart(2, "0") : "--";
    })
    .join("");
}

const tables = Object.entries(FONTS).map(([name, path]) => `  ${name}:\n    "${advances(path)}",\n`);
writeFileSync(
  new URL("../src/figures/advances.ts", import.meta.url),
  `// Written by build/lettering.mjs; do not edit.

/** Code points of the tables, from and to. */
export const RANGES: readonly (readonly [from: number, to: number])[] = ${JSON.stringify(RANGES)};

/** Advances of Inter's characters in thousandths of the font's size, two digits to base 36 each; "--" where it has none. */
export const ADVANCES = {
${tables.join("")}} as const;
`,
);

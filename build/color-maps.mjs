// Bakes src/images/color-tables.ts from d3-scale-chromatic: 256 colours a map, six hexadecimal digits each.
//
//   node build/color-maps.mjs
//
// Sequential maps take the colours at i / 255. The diverging map runs from blue (below zero) to red (above) and has its
// middle colour twice, at 127 and 128, so that zero is neutral. Run it when a map is added; the library needs no d3.

import { writeFileSync } from "node:fs";
import {
  interpolateCividis,
  interpolateInferno,
  interpolateMagma,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";

const sequential = (interpolate) => Array.from({ length: 256 }, (_, i) => interpolate(i / 255));
const diverging = (interpolate) =>
  Array.from({ length: 256 }, (_, i) => interpolate(1 - (i < 128 ? i / 254 : (i - 1) / 254)));

const MAPS = {
  inferno: sequential(interpolateInferno),
  magma: sequential(interpolateMagma),
  viridis: sequential(interpolateViridis),
  cividis: sequential(interpolateCividis),
  rdbu: diverging(interpolateRdBu),
};

/** "#0a1b2c" or "rgb(10, 27, 44)" → "0a1b2c". */
function hex(colour) {
  const parts = colour.startsWith("#")
    ? colour
        .slice(1)
        .match(/../g)
        .map((part) => Number.parseInt(part, 16))
    : colour.match(/\d+/g).map(Number);
  if (parts.length !== 3) throw new Error(`colour "${colour}": expected #rrggbb or rgb(r, g, b)`);
  return Buffer.from(parts).toString("hex");
}

const rows = Object.entries(MAPS).map(
  ([name, colours]) => `  ${name}:\n    "${colours.map(hex).join("")}",\n`,
);
writeFileSync(
  new URL("../src/images/color-tables.ts", import.meta.url),
  `// Written by build/color-maps.mjs; do not edit.

/** 256 colours a map in hexadecimal, low to high. From d3-scale-chromatic (ISC); rdbu is its RdBu the other way round. */
export const TABLES = {
${rows.join("")}} as const;
`,
);

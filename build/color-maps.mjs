// Bakes src/figures/color-tables.ts from d3-scale-chromatic: 256 colours a map, six hexadecimal digits each.
//
//   node build/color-maps.mjs
//
// Sequential maps take the colours at i / 255. The diverging map runs from blue (below zero) to red (above) and has its
// middle colour twice, at 127 and 128, so that zero is neutral. Jet is no map of d3's: it is computed. Run it when a map is added; the library needs no d3.

import { writeFileSync } from "node:fs";
import {
  interpolateCividis,
  interpolateInferno,
  interpolateMagma,
  interpolateRdBu,
  interpolateTurbo,
  interpolateViridis,
} from "d3-scale-chromatic";

const sequential = (interpolate) => Array.from({ length: 256 }, (_, i) => interpolate(i / 255));
const diverging = (interpolate) =>
  Array.from({ length: 256 }, (_, i) => interpolate(1 - (i < 128 ? i / 254 : (i - 1) / 254)));

/** Jet as Matplotlib has it: each channel rises and falls in straight lines between these places and values. */
const JET = {
  red: [
    [0, 0],
    [0.35, 0],
    [0.66, 1],
    [0.89, 1],
    [1, 0.5],
  ],
  green: [
    [0, 0],
    [0.125, 0],
    [0.375, 1],
    [0.64, 1],
    [0.91, 0],
    [1, 0],
  ],
  blue: [
    [0, 0.5],
    [0.11, 1],
    [0.34, 1],
    [0.65, 0],
    [1, 0],
  ],
};
const line = (points, t) => {
  const next = points.findIndex(([place]) => place >= t);
  const [[x0, y0], [x1, y1]] = [points[Math.max(0, next - 1)], points[next]];
  return x1 === x0 ? y1 : y0 + ((t - x0) / (x1 - x0)) * (y1 - y0);
};
// Matplotlib cuts the fraction off.
const interpolateJet = (t) => {
  const [r, g, b] = Object.values(JET).map((points) => Math.floor(255 * line(points, t)));
  return `rgb(${r}, ${g}, ${b})`;
};

const MAPS = {
  inferno: sequential(interpolateInferno),
  magma: sequential(interpolateMagma),
  viridis: sequential(interpolateViridis),
  cividis: sequential(interpolateCividis),
  rdbu: diverging(interpolateRdBu),
  turbo: sequential(interpolateTurbo),
  jet: sequential(interpolateJet),
};

/** "#0a1b2c" or "rgb(10, 27, 44)" → "0a1b2c". */
function hex(color) {
  const parts = color.startsWith("#")
    ? color
        .slice(1)
        .match(/../g)
        .map((part) => Number.parseInt(part, 16))
    : color.match(/\d+/g).map(Number);
  if (parts.length !== 3) throw new Error(`colour "${color}": expected #rrggbb or rgb(r, g, b)`);
  return Buffer.from(parts).toString("hex");
}

const rows = Object.entries(MAPS).map(([name, colors]) => `  ${name}:\n    "${colors.map(hex).join("")}",\n`);
writeFileSync(
  new URL("../src/figures/color-tables.ts", import.meta.url),
  `// Written by build/color-maps.mjs; do not edit.

/** 256 colours a map in hexadecimal, low to high. From d3-scale-chromatic (ISC), but jet; rdbu is its RdBu the other way round. */
export const TABLES = {
${rows.join("")}} as const;
`,
);

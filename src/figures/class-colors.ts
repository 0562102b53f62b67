import type { Color } from "./drawing.ts";

/** Distance between the hues of neighbouring numbers: the golden angle, so that any few in a row lie far apart. */
const GOLDEN = 137.507_764;
/** Lightness and chroma by turns, so that hues that come near again differ otherwise. */
const LIGHTNESS = [0.68, 0.55, 0.8] as const;
const CHROMA = [0.16, 0.14, 0.11] as const;

/**
 * The color of a class by its number: the same in every figure, without an end, each unlike its neighbours. Hues turn by
 * the golden angle in OKLCH (Ottosson 2020).
 */
export function classColor(index: number): Color {
  const turn = index % LIGHTNESS.length;
  const [lightness = 0.68, chroma = 0.16] = [LIGHTNESS[turn], CHROMA[turn]];
  const hue = ((30 + index * GOLDEN) * Math.PI) / 180;
  return fromOklab(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** sRGB of 0…255, what lies outside it cut. */
function fromOklab(lightness: number, a: number, b: number): Color {
  const l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b) ** 3;
  const m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b) ** 3;
  const s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b) ** 3;
  return [
    gamma(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
    gamma(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
    gamma(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s),
  ];
}

function gamma(linear: number): number {
  const kept = Math.min(1, Math.max(0, linear));
  const shown = kept <= 0.003_130_8 ? 12.92 * kept : 1.055 * kept ** (1 / 2.4) - 0.055;
  return Math.round(255 * shown);
}

/** Colours of lines in the room, which stand for no value. */
interface LineColors {
  /** The selection, and the pixels that it sees. */
  readonly accent: number;
  /** Links between exhibits, and frames of maps. */
  readonly line: number;
  /** Boxes around exhibits; under the pointer. */
  readonly box: number;
  readonly hot: number;
  /** Darkness of the ground behind the maps of a sheet, 0 to 1. */
  readonly ground: number;
}

const DARK: LineColors = { accent: 0x7fe3d0, line: 0x4a525d, box: 0x3c444e, hot: 0x7d8794, ground: 0.6 };
const LIGHT: LineColors = { accent: 0x0b7a69, line: 0xa3abb5, box: 0xb4bbc4, hot: 0x6b7683, ground: 0.92 };

let current = DARK;

/** The colours that lines are drawn with now. */
export function lineColors(): LineColors {
  return current;
}

/** Takes the colours of a theme, from the next frame on. */
export function useLineColors(theme: "light" | "dark"): void {
  current = theme === "light" ? LIGHT : DARK;
}

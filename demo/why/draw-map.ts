import { colorize } from "../../src/figures.ts";
import { enlarge, imageData } from "../pixels.ts";
import type { LookState } from "../state/look.ts";
import type { InputPixel } from "../subjects.ts";
import { type Answer, colorsOf, type Ends } from "./color-ends.ts";
import type { WhyState } from "./slice.ts";

/**
 * Draws a map over a picture that fills the canvas. Where the map says little, the picture shines through; at full strength
 * there is the map alone.
 */
export function drawMap(
  context: CanvasRenderingContext2D,
  answer: Answer,
  { min, max }: Ends,
  { strength, colors }: LookState & WhyState,
): void {
  const { width, height } = context.canvas;
  const { values, size, signed } = answer.robust;
  const enlarged = enlarge(values, size, [height, width]);
  const pixels = colorize(enlarged, { map: colorsOf(answer, colors), min, max, width });
  const least = signed ? 0 : min;
  const most = Math.max(Math.abs(max - least), Math.abs(min - least)) || 1;
  const opacity = (i: number) => {
    const share = Math.abs((enlarged[i] ?? 0) - least) / most;
    const weak = Math.min(1, 0.25 + 1.2 * share);
    // Over the last tenth of the slider weak values become solid too.
    const solid = Math.max(0, (strength - 0.9) / 0.1);
    return strength * (weak + (1 - weak) * solid);
  };
  const over = new OffscreenCanvas(width, height);
  over.getContext("2d")?.putImageData(imageData(pixels, opacity), 0, 0);
  context.drawImage(over, 0, 0);
}

/** The value of a map at a pixel of the network's input: of the cell that the pixel lies in. */
export function valueAt(
  { robust: { values, size } }: Answer,
  { y, x }: InputPixel,
  [height, width]: readonly [number, number, ...unknown[]],
): number {
  const [h, w] = size;
  const row = Math.min(h - 1, Math.floor(((y + 0.5) * h) / height));
  const column = Math.min(w - 1, Math.floor(((x + 0.5) * w) / width));
  return values[row * w + column] ?? Number.NaN;
}

import { colorize } from "../../src/index.ts";
import { enlarge, imageData } from "../pixels.ts";
import type { Answer } from "./enquiry.ts";
import type { Scene } from "./scene.ts";
import { colorsOf, type Ends } from "./shade.ts";

/** What is to be drawn over the picture: an answer, and where its colours end. */
interface Drawn {
  readonly answer: Answer | undefined;
  readonly ends: Ends | undefined;
}

/**
 * Draws the picture with a map over it, at the network's resolution. Where a map says little, the picture shines through;
 * at full strength there is the map alone.
 */
export function drawMap(
  context: CanvasRenderingContext2D,
  { picture, store, inputSize: [height, width] }: Scene,
  drawn: Drawn | undefined,
): void {
  context.canvas.width = width;
  context.canvas.height = height;
  context.drawImage(picture, 0, 0);
  if (!drawn?.answer || !drawn.ends) return;
  const { flat } = drawn.answer;
  const { min, max } = drawn.ends;
  const values = enlarge(flat.values, flat.size, [height, width]);
  const { strength, colors } = store.state;
  const pixels = colorize(values, { map: colorsOf(flat, colors), min, max, width });
  const least = flat.floats ? min : 0;
  const most = Math.max(Math.abs(max - least), Math.abs(min - least)) || 1;
  const opacity = (i: number) => {
    const share = Math.abs((values[i] ?? 0) - least) / most;
    const shy = Math.min(1, 0.25 + 1.2 * share);
    // From shy to solid over the last tenth of the slider.
    const solid = Math.max(0, (strength - 0.9) / 0.1);
    return strength * (shy + (1 - shy) * solid);
  };
  const over = new OffscreenCanvas(width, height);
  over.getContext("2d")?.putImageData(imageData(pixels, opacity), 0, 0);
  context.drawImage(over, 0, 0);
}

/** The value of a map at a pixel of the network's input: of the cell that the pixel lies in. */
export function valueAt(
  { flat: { values, size } }: Answer,
  { y, x }: { readonly y: number; readonly x: number },
  [height, width]: readonly [number, number, number],
): number {
  const [h, w] = size;
  const row = Math.min(h - 1, Math.floor(((y + 0.5) * h) / height));
  const column = Math.min(w - 1, Math.floor(((x + 0.5) * w) / width));
  return values[row * w + column] ?? Number.NaN;
}

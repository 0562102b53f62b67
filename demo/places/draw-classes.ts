import { classColor } from "../../src/figures.ts";
import type { LabelMap } from "../../src/index.ts";
import type { InputPixel } from "../subjects.ts";

/** The number of the place that holds a pixel of the input, row by row. */
export function placeOf(
  { shape: [h, w] }: Pick<LabelMap, "shape">,
  { y, x }: InputPixel,
  [height, width]: readonly [number, number, ...unknown[]],
): number {
  const row = Math.min(h - 1, Math.floor((y * h) / height));
  return row * w + Math.min(w - 1, Math.floor((x * w) / width));
}

/**
 * Draws the classes of places over a picture that fills the canvas, each in its colour; what has none is left as it is.
 * @param look `cover`: strength of the colours over the picture, which turns grey under them; `outlined`: the edge of this
 * class alone.
 */
export function drawClasses(
  context: CanvasRenderingContext2D,
  labels: Pick<LabelMap, "data" | "shape">,
  { cover, outlined }: { readonly cover: number; readonly outlined: number | undefined },
): void {
  const { width, height } = context.canvas;
  const image = new ImageData(width, height);
  const classAt = (y: number, x: number): number =>
    labels.data[placeOf(labels, { y, x }, [height, width])] ?? -1;
  const last = [height - 1, width - 1] as const;
  const inside = (y: number, x: number): boolean =>
    [
      classAt(Math.max(0, y - 1), x),
      classAt(Math.min(last[0], y + 1), x),
      classAt(y, Math.max(0, x - 1)),
      classAt(y, Math.min(last[1], x + 1)),
    ].every((index) => index === outlined);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const index = classAt(y, x);
      if (index < 0 || (outlined !== undefined && (index !== outlined || inside(y, x)))) continue;
      const opacity = outlined === undefined ? 255 * cover : 255;
      image.data.set([...classColor(index), opacity], 4 * (y * width + x));
    }
  }
  const over = new OffscreenCanvas(width, height);
  over.getContext("2d")?.putImageData(image, 0, 0);
  context.save();
  if (outlined === undefined) {
    context.globalAlpha = Math.min(1, 1.5 * cover);
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(0, 0, width, height);
  }
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
  context.drawImage(over, 0, 0);
  context.restore();
}

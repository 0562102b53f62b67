import type { Pixels } from "../src/index.ts";

/** RGB pixels as a canvas takes them. */
export function imageData(
  { width, height, data }: Pixels,
  opacity: (pixel: number) => number = () => 1,
): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = data[3 * i + c] ?? 0;
    image.data[4 * i + 3] = 255 * opacity(i);
  }
  return image;
}

/** Draws pixels on a canvas, which takes their size. */
export function paint(canvas: HTMLCanvasElement, pixels: Pixels): void {
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
}

/** Row-major values [h, w] enlarged bilinearly, pixel centres at (i + ½). */
export function enlarge(
  values: ArrayLike<number>,
  [h, w]: readonly [number, number],
  [height, width]: readonly [number, number],
): Float32Array {
  if (h === height && w === width) return Float32Array.from(values);
  const result = new Float32Array(height * width);
  const place = (index: number, from: number, to: number) => {
    const at = Math.min(from - 1, Math.max(0, ((index + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(from - 1, low + 1), at - low] as const;
  };
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = place(y, h, height);
    for (let x = 0; x < width; x++) {
      const [left, right, u] = place(x, w, width);
      const at = (row: number, column: number) => values[row * w + column] ?? 0;
      result[y * width + x] =
        (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
        v * ((1 - u) * at(bottom, left) + u * at(bottom, right));
    }
  }
  return result;
}

import { assertPixels, type Pixels } from "./pixels.ts";

/** For each output place, the first input place that its box covers and the one after the last (Pillow's BOX). */
function boxes(input: number, output: number): readonly (readonly [from: number, to: number])[] {
  const scale = input / output;
  const support = 0.5 * Math.max(1, scale);
  return Array.from({ length: output }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const covered: number[] = [];
    for (
      let k = Math.max(0, Math.floor(centre - support + 0.5));
      k < Math.min(input, Math.floor(centre + support + 0.5));
      k++
    ) {
      const away = (k - centre + 0.5) / Math.max(1, scale);
      if (away > -0.5 && away <= 0.5) covered.push(k);
    }
    const from = covered[0] ?? Math.min(input - 1, Math.floor(centre));
    return [from, (covered.at(-1) ?? from) + 1] as const;
  });
}

/** An image resized by the mean of the pixels that each new one covers, rounded to 8 bits after each axis, as Pillow's BOX has it. */
export function boxResize(pixels: Pixels, width: number, height: number): Pixels {
  assertPixels(pixels);
  const across = new Uint8ClampedArray(pixels.height * width * 3);
  for (const [x, [from, to]] of boxes(pixels.width, width).entries()) {
    for (let y = 0; y < pixels.height; y++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = from; k < to; k++) sum += pixels.data[3 * (y * pixels.width + k) + c] ?? 0;
        across[3 * (y * width + x) + c] = Math.floor(sum / (to - from) + 0.5);
      }
    }
  }
  const data = new Uint8ClampedArray(height * width * 3);
  for (const [y, [from, to]] of boxes(pixels.height, height).entries()) {
    for (let i = 0; i < 3 * width; i++) {
      let sum = 0;
      for (let k = from; k < to; k++) sum += across[3 * k * width + i] ?? 0;
      data[3 * y * width + i] = Math.floor(sum / (to - from) + 0.5);
    }
  }
  return { width, height, data };
}

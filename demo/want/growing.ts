import { pixelsFromImageData } from "../../src/images.ts";
import type { Pixels } from "../../src/index.ts";
import { imageData } from "../pixels.ts";

/** A picture as far as it has grown: [h, w, 3] of 0…1. */
export interface Growing {
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Steps that were taken; undefined where they are not counted. */
  readonly step?: number | undefined;
}

/** The same in 8 bits. */
export function pixelsOf({ data, shape: [height, width] }: Growing): Pixels {
  return { height, width, data: Uint8ClampedArray.from(data, (value) => 255 * value) };
}

/** A picture as a technique takes it. */
export function growingOf({
  height,
  width,
  data,
}: Pixels): Growing & { shape: readonly [number, number, 3] } {
  return { data: Float32Array.from(data, (value) => value / 255), shape: [height, width, 3] };
}

/** A picture whose longer side has at most so many pixels. */
export function shrunk(pixels: Pixels, longest: number): Pixels {
  const { width, height } = pixels;
  const scale = longest / Math.max(width, height);
  if (scale >= 1) return pixels;
  const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
  const whole = new OffscreenCanvas(width, height);
  whole.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
  const context = new OffscreenCanvas(w, h).getContext("2d");
  if (!context) throw new Error("the browser gives no canvas to make the picture smaller on");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, w, h);
  return pixelsFromImageData(context.getImageData(0, 0, w, h));
}

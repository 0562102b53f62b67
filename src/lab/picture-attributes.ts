import { assertPixels, type Pixels } from "../images/pixels.ts";
import { edgeDensity } from "./edges.ts";

/** What is measured of a picture's pixels, and how. */
export const PICTURE_ATTRIBUTES = {
  brightness: "mean luma (Rec. 601), 0 to 1",
  contrast: "RMS contrast: standard deviation of the luma (Peli 1990), 0 to 0.5",
  sharpness:
    "variance of the luma's Laplacian, in 8-bit values (Pech-Pacheco et al. 2000): low where a picture is blurred",
  clutter: "edge density: share of the pixels on an edge of Canny's (Mack & Oliva 2004), 0 to 1",
  hue: "direction of the mean colour in degrees: 0 red, 120 green, 240 blue; none of a grey picture",
  saturation: "mean saturation of HSV, 0 to 1",
  pixels: "width times height of the picture as it is",
} as const;

/** The name of an attribute that is measured. */
export type PictureAttribute = keyof typeof PICTURE_ATTRIBUTES;

/**
 * Measures a picture: each of {@link PICTURE_ATTRIBUTES}, or those that are named. Needs no GPU.
 * @throws InputError when the pixels are no image.
 */
export function pictureAttributes(
  pixels: Pixels,
  wanted: readonly PictureAttribute[] = Object.keys(PICTURE_ATTRIBUTES) as PictureAttribute[],
): Partial<Record<PictureAttribute, number>> {
  assertPixels(pixels);
  const { width, height, data } = pixels;
  const luma = new Float64Array(width * height);
  const color = { saturation: 0, x: 0, y: 0 };
  for (let i = 0; i < luma.length; i++) {
    const [r, g, b] = [(data[3 * i] ?? 0) / 255, (data[3 * i + 1] ?? 0) / 255, (data[3 * i + 2] ?? 0) / 255];
    luma[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    const most = Math.max(r, g, b);
    if (most > 0) color.saturation += (most - Math.min(r, g, b)) / most;
    color.x += r - (g + b) / 2;
    color.y += (Math.sqrt(3) / 2) * (g - b);
  }
  const mean = luma.reduce((sum, v) => sum + v, 0) / luma.length;
  const measure: Readonly<Record<PictureAttribute, () => number | undefined>> = {
    brightness: () => mean,
    contrast: () => Math.sqrt(luma.reduce((sum, v) => sum + (v - mean) ** 2, 0) / luma.length),
    sharpness: () => laplacianVariance(luma, width, height),
    clutter: () => edgeDensity({ width, height, values: luma }),
    hue: () => {
      if (Math.hypot(color.x, color.y) < 1e-6 * luma.length) return undefined;
      return ((Math.atan2(color.y, color.x) * 180) / Math.PI + 360) % 360;
    },
    saturation: () => color.saturation / luma.length,
    pixels: () => width * height,
  };
  const found: Partial<Record<PictureAttribute, number>> = {};
  for (const name of wanted) {
    const value = measure[name]();
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Variance of the sum of the four neighbours less four times the middle; what lies beyond the border mirrors what is within. */
function laplacianVariance(luma: Float64Array, width: number, height: number): number {
  const at = (x: number, y: number): number =>
    255 * (luma[within(y, height) * width + within(x, width)] ?? 0);
  let [sum, squares] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += value;
      squares += value ** 2;
    }
  }
  const count = width * height;
  return Math.max(0, squares / count - (sum / count) ** 2);
}

/** A place one beyond the border, mirrored about the outermost pixel. */
function within(place: number, size: number): number {
  if (size === 1) return 0;
  return place < 0 ? 1 : place >= size ? size - 2 : place;
}

import { enlargeMap, enlargePixels, type Shown } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { colorAt, colorMap } from "./color-maps.ts";
import type { PixelPicture } from "./drawing.ts";
import type { DrawnMap, MapOptions } from "./drawn-map.ts";

const WHITE = 255;

/** Thin oblique lines over a grey: where nothing is known. */
function hatch(pixel: number, width: number, grey: number): [number, number, number] {
  const line = (Math.floor(pixel / width) + (pixel % width)) % 6 === 0;
  const level = Math.round(line ? 0.45 * grey : grey);
  return [level, level, level];
}

/** A map alone, in its colours. Maps at a layer's resolution show their cells as squares. */
export function mapPixels({ values, size, smooth, colors, min, max }: DrawnMap, shown: Shown): PixelPicture {
  const { width, height } = shown;
  const table = colorMap(colors);
  const data = new Uint8Array(width * height * 3);
  const squares = smooth || shown.squares;
  const large = enlargeMap(values, size, { ...shown, squares });
  for (const [i, value] of large.entries()) {
    data.set(Number.isNaN(value) ? hatch(i, width, WHITE) : colorAt(table, value, min, max), 3 * i);
  }
  return { width, height, data, squares };
}

/** A map in colour over the image in grey: the further from zero, the less of the image. */
export function overlayPixels(
  { values, size, smooth, colors, min, max, signed, opacity }: DrawnMap,
  { data }: Pixels,
  shown: Shown,
): PixelPicture {
  const { width, height } = shown;
  const table = colorMap(colors);
  const squares = !smooth && shown.squares;
  const large = enlargeMap(values, size, { ...shown, squares });
  const mixed = new Uint8Array(width * height * 3);
  for (const [i, value] of large.entries()) {
    const luma = 0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0);
    if (Number.isNaN(value)) {
      mixed.set(hatch(i, width, 70 + 0.66 * luma), 3 * i);
      continue;
    }
    const color = colorAt(table, value, min, max);
    const share = Math.min(1, signed ? Math.abs(value) / max : (value - min) / (max - min));
    const alpha = Math.min(opacity, 1.2 * Math.max(0, share));
    // A paler image under light colours, a darker one under dark colours.
    const below = signed ? 70 + 0.66 * luma : 0.75 * luma;
    for (const [c, channel] of color.entries())
      mixed[3 * i + c] = Math.round(below + alpha * (channel - below));
  }
  return { width, height, data: mixed, squares };
}

/** A signal at the image's pixels as a picture of its own: grey is zero, ±scale the ends. */
export function signalPixels({ map, shape }: MapOptions, scale: number, shown: Shown): PixelPicture {
  const [height = 1, width = 1, channels = 1] = shape;
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      const value = map[i * channels + (channels === 3 ? c : 0)] ?? 0;
      data[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, 0.5 + value / (2 * scale))));
    }
  }
  return picturePixels({ width, height, data }, shown);
}

/** A picture at its shown size. */
export function picturePixels(pixels: Pixels, shown: Shown): PixelPicture {
  return { ...enlargePixels(pixels, shown), squares: shown.squares };
}

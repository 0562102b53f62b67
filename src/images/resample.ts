import { assertPixels, type Pixels } from "./pixels.ts";

/** A rectangle of an image that was resized to width × height; what lies beyond the image is black. */
export interface Crop {
  readonly width: number;
  readonly height: number;
  readonly region: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

/** For each output place: the first input place it reads, and the weights of the run that begins there. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

/** The triangle filter, widened by the factor of reduction, normalised at the borders (Pillow's BILINEAR). */
function triangle(input: number, output: number, start: number, count: number): Taps {
  const scale = input / output;
  const support = Math.max(1, scale);
  const first = new Int32Array(count);
  const weights = Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - support + 0.5));
    const to = Math.min(input, Math.floor(centre + support + 0.5));
    first[i] = from;
    const taps = Float64Array.from({ length: to - from }, (_, k) =>
      Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / support),
    );
    const sum = taps.reduce((total, weight) => total + weight, 0);
    return taps.map((weight) => weight / sum);
  });
  return { first, weights };
}

/**
 * The `region` of an image resized to width × height with an antialiased triangle filter, as 0…255 RGB values
 * [region.height, region.width, 3] that are not rounded. Only what the region needs is computed.
 */
export function resample(pixels: Pixels, { width, height, region }: Crop): Float32Array {
  assertPixels(pixels);
  const left = Math.max(0, region.left);
  const top = Math.max(0, region.top);
  const inner = {
    left,
    top,
    width: Math.min(width, region.left + region.width) - left,
    height: Math.min(height, region.top + region.height) - top,
  };
  const within = resampleWithin(pixels, { width, height, region: inner });
  if (inner.width === region.width && inner.height === region.height) return within;
  const out = new Float32Array(region.height * region.width * 3);
  for (let y = 0; y < inner.height; y++) {
    const row = within.subarray(y * inner.width * 3, (y + 1) * inner.width * 3);
    out.set(row, ((top - region.top + y) * region.width + left - region.left) * 3);
  }
  return out;
}

/** The same for a region that lies within the image. */
function resampleWithin(pixels: Pixels, { width, height, region }: Crop): Float32Array {
  const columns = triangle(pixels.width, width, region.left, region.width);
  const rows = triangle(pixels.height, height, region.top, region.height);
  const top = rows.first[0] ?? 0;
  const bottom = (rows.first.at(-1) ?? 0) + (rows.weights.at(-1)?.length ?? 0);

  const stride = region.width * 3;
  const narrowed = new Float32Array((bottom - top) * stride);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < region.width; x++) {
      const taps = columns.weights[x] ?? new Float64Array();
      const from = (y * pixels.width + (columns.first[x] ?? 0)) * 3;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < taps.length; k++) sum += (taps[k] ?? 0) * (pixels.data[from + 3 * k + c] ?? 0);
        narrowed[(y - top) * stride + 3 * x + c] = sum;
      }
    }
  }
  const out = new Float32Array(region.height * stride);
  for (let y = 0; y < region.height; y++) {
    const taps = rows.weights[y] ?? new Float64Array();
    const from = ((rows.first[y] ?? 0) - top) * stride;
    for (let x = 0; x < stride; x++) {
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += (taps[k] ?? 0) * (narrowed[from + k * stride + x] ?? 0);
      out[y * stride + x] = sum;
    }
  }
  return out;
}

/** An image resized to exactly width × height, whatever its proportions were. */
export function resizePixels(pixels: Pixels, width: number, height: number): Pixels {
  assertPixels(pixels);
  if (pixels.width === width && pixels.height === height) return pixels;
  const values = resample(pixels, { width, height, region: { left: 0, top: 0, width, height } });
  return { width, height, data: Uint8ClampedArray.from(values) };
}

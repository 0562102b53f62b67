import { InputError } from "../gpu/errors.ts";

/**
 * An image [H, W, C] blurred by a Gaussian of standard deviation `sigma` pixels, cut at three of them and normalised where
 * it leaves the image.
 * @throws InputError when sigma is not positive.
 */
export function gaussianBlur(
  data: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  sigma: number,
): Float32Array<ArrayBuffer> {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new InputError(`blur: expected a positive standard deviation, got ${sigma}`);
  }
  const reach = Math.ceil(3 * sigma);
  const taps = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  /** Along one axis: `length` places, `stride` apart. */
  const along = (from: ArrayLike<number>, length: number, stride: number): Float64Array => {
    const to = new Float64Array(from.length);
    for (let i = 0; i < to.length; i++) {
      const place = Math.floor(i / stride) % length;
      let sum = 0;
      let weight = 0;
      for (let k = Math.max(-reach, -place); k <= Math.min(reach, length - 1 - place); k++) {
        const tap = taps[Math.abs(k)] ?? 0;
        sum += tap * (from[i + k * stride] ?? 0);
        weight += tap;
      }
      to[i] = sum / weight;
    }
    return to;
  };
  return Float32Array.from(along(along(data, width, channels), height, width * channels));
}

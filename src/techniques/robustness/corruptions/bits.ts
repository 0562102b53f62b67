import type { Pixels } from "../../../images/pixels.ts";

/** Values of 0…1 as a picture: cut to 8 bits, not rounded, as the published program does. */
export function cutToBits(values: ArrayLike<number>, width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(values.length);
  // A whole number of 8 bits that rounding errors put below itself stays what it is.
  for (let i = 0; i < data.length; i++) data[i] = Math.floor((values[i] ?? 0) * 255 + 1e-4);
  return { width, height, data };
}

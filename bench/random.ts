import { type Shape, sizeOf } from "./shape.ts";

/** Uniform noise in ±scale, the same for the same seed: never zeros, and no ties for max pools to break at will. */
export function noise(shape: Shape, seed = 1, scale = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(sizeOf(shape));
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  for (let index = 0; index < values.length; index++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    values[index] = (((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1) * scale;
  }
  return values;
}

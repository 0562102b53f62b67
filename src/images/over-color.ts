import type { Shape } from "../gpu/tensor.ts";

/** Values of a map and its axes. */
export interface MapValues {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** The largest magnitude over colour, [H, W] of signed [H, W, C] (Simonyan et al. 2013, section 3.1). */
export function maxOverColor(map: MapValues): MapValues {
  return overColor(map, (most, value) => Math.max(most, Math.abs(value)));
}

/** The sum over colour, [H, W] of signed [H, W, C]: a pixel's share, where the values are shares. */
export function sumOverColor(map: MapValues): MapValues {
  return overColor(map, (sum, value) => sum + value);
}

function overColor({ data, shape }: MapValues, join: (soFar: number, value: number) => number): MapValues {
  const [height = 1, width = 1, channels = 1] = shape;
  const joined = new Float32Array(height * width);
  for (const [index, value] of data.entries()) {
    const pixel = Math.floor(index / channels);
    joined[pixel] = join(joined[pixel] ?? 0, value);
  }
  return { data: joined, shape: [height, width] };
}

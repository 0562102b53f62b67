import { InputError } from "../gpu/errors.ts";

/** What a picture, or a layer's map, is moved by. */
export const PLACE_TRANSFORMS = [
  "flip",
  "flip-vertical",
  "rotate-90",
  "rotate-180",
  "rotate-270",
  "rescale",
  "identity",
] as const;

/**
 * What a picture, or a layer's map, is moved by: mirrored left to right ("flip") or top to bottom, turned against the clock, enlarged
 * about its middle ("rescale"), or left as it is ("identity", as a control).
 */
export type PlaceTransform = (typeof PLACE_TRANSFORMS)[number];

/** Where the values of a map's places come from: a weighted mean of the places of another map. */
export interface PlaceMap {
  /** Places that each reads: 1, or 4 with their weights. */
  readonly taps: 1 | 4;
  /** `[places, taps]`: numbers of places of the map that is read, row by row. */
  readonly from: Int32Array;
  /** `[places, taps]` */
  readonly weights: Float64Array;
}

/**
 * The movement of a map's places under a transform.
 * @param scale how much larger "rescale" makes; what lies beyond the border when it is below 1 repeats the border.
 * @throws InputError for a quarter turn of a map that is not square.
 */
export function placeMapOf(
  who: string,
  transform: PlaceTransform,
  [height, width]: readonly [number, number],
  scale: number,
): PlaceMap {
  const quarter = transform === "rotate-90" || transform === "rotate-270";
  if (quarter && height !== width) {
    throw new InputError(`${who}: expected a square for ${transform}, got ${height}×${width}`);
  }
  if (transform === "rescale") {
    const along = (size: number) => (i: number) => (size - 1) / 2 + (i - (size - 1) / 2) / scale;
    return interpolated([height, width], [height, width], along(height), along(width));
  }
  const from = new Int32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = sourceOf(transform, y, x, height, width);
      from[y * width + x] = row * width + column;
    }
  }
  return { taps: 1, from, weights: new Float64Array(from.length).fill(1) };
}

/** The place that comes to (y, x). */
function sourceOf(
  transform: Exclude<PlaceTransform, "rescale">,
  y: number,
  x: number,
  height: number,
  width: number,
): readonly [number, number] {
  switch (transform) {
    case "identity":
      return [y, x];
    case "flip":
      return [y, width - 1 - x];
    case "flip-vertical":
      return [height - 1 - y, x];
    case "rotate-90":
      return [x, width - 1 - y];
    case "rotate-180":
      return [height - 1 - y, width - 1 - x];
    case "rotate-270":
      return [height - 1 - x, y];
  }
}

/** A map resized to another size: bilinear, with the corners of places and not their middles at the border. */
export function resizeMapOf(
  [height, width]: readonly [number, number],
  [toHeight, toWidth]: readonly [number, number],
): PlaceMap {
  const along = (size: number, to: number) => (i: number) => ((i + 0.5) * size) / to - 0.5;
  return interpolated([height, width], [toHeight, toWidth], along(height, toHeight), along(width, toWidth));
}

function interpolated(
  [height, width]: readonly [number, number],
  [toHeight, toWidth]: readonly [number, number],
  rowOf: (y: number) => number,
  columnOf: (x: number) => number,
): PlaceMap {
  const from = new Int32Array(4 * toHeight * toWidth);
  const weights = new Float64Array(from.length);
  for (let y = 0; y < toHeight; y++) {
    const [top, bottom, down] = between(rowOf(y), height);
    for (let x = 0; x < toWidth; x++) {
      const [left, right, across] = between(columnOf(x), width);
      const at = 4 * (y * toWidth + x);
      from.set([top * width + left, top * width + right, bottom * width + left, bottom * width + right], at);
      weights.set([(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across], at);
    }
  }
  return { taps: 4, from, weights };
}

/** The two places around one between places, and how far it is from the first. */
function between(at: number, size: number): readonly [number, number, number] {
  const inside = Math.min(size - 1, Math.max(0, at));
  const first = Math.min(Math.floor(inside), Math.max(0, size - 2));
  return [first, Math.min(size - 1, first + 1), inside - first];
}

/** The values of a moved map, [places, channels]. */
export function movedBy(
  { taps, from, weights }: PlaceMap,
  map: Float32Array,
  channels: number,
): Float32Array {
  const places = from.length / taps;
  const moved = new Float32Array(places * channels);
  for (let place = 0; place < places; place++) {
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[place * taps + tap] as number;
      if (weight === 0) continue;
      const source = (from[place * taps + tap] as number) * channels;
      for (let c = 0; c < channels; c++) {
        const at = place * channels + c;
        moved[at] = (moved[at] as number) + weight * (map[source + c] as number);
      }
    }
  }
  return moved;
}

/**
 * What a filter bank of size × size reads at some places of a map, [places, size·size·channels]; zero beyond the map. A bank of even size
 * has the place at its top left.
 * @param places numbers of the places, row by row; undefined for all.
 */
export function windowsOf(
  map: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  size: number,
  places: Int32Array | undefined,
): Float32Array {
  if (size === 1 && !places) return map;
  const count = places?.length ?? height * width;
  const before = Math.floor((size - 1) / 2);
  const windows = new Float32Array(count * size * size * channels);
  let at = 0;
  for (let n = 0; n < count; n++) {
    const place = places?.[n] ?? n;
    const [y, x] = [Math.floor(place / width), place % width];
    for (let dy = 0; dy < size; dy++) {
      for (let dx = 0; dx < size; dx++) {
        const [row, column] = [y + dy - before, x + dx - before];
        if (row >= 0 && row < height && column >= 0 && column < width) {
          const source = (row * width + column) * channels;
          windows.set(map.subarray(source, source + channels), at);
        }
        at += channels;
      }
    }
  }
  return windows;
}

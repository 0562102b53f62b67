import type { Pixels } from "../../../images/pixels.ts";
import { type PictureValues, valuesOf, zoomed } from "../../../images/zoom.ts";
import { cutToBits } from "./bits.ts";
import type { CorruptionSite } from "./corruption.ts";

/** Zoomed while it was taken: the mean of the picture and of itself ever larger, factors from 1 to `end`, `step` apart. */
export async function zoom({ pixels, constants: [end = 1, step = 1] }: CorruptionSite): Promise<Pixels> {
  const picture = valuesOf(pixels);
  const sum = new Float64Array(picture.data);
  // As NumPy's arange counts: where rounding lets the end in, it is in.
  const count = Math.ceil((end - 1) / step);
  for (let i = 0; i < count; i++) {
    const { data } = enlarged(picture, 1 + i * (1 + step - 1));
    for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] ?? 0) + (data[k] ?? 0);
  }
  return cutToBits(
    sum.map((value) => value / (count + 1)),
    pixels.width,
    pixels.height,
  );
}

/** The middle of a picture, larger by a factor of 1 or more, at the picture's own size. */
export function enlarged(picture: PictureValues, factor: number): PictureValues {
  const [height, width, channels] = picture.shape;
  const [ownHeight, ownWidth] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const middle = cutOut(picture, [ownHeight, ownWidth], (whole, part) => Math.floor((whole - part) / 2));
  const larger = zoomed(middle, [rounded(ownHeight * factor), rounded(ownWidth * factor)]);
  return cutOut(
    { data: larger.data, shape: [larger.shape[0], larger.shape[1], channels] },
    [height, width],
    (whole, part) => Math.floor((whole - part) / 2),
  );
}

/** Rounds a half to the even number, as Python does. */
function rounded(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

function cutOut(
  { data, shape: [rows, columns, channels] }: PictureValues,
  [height, width]: readonly [number, number],
  first: (whole: number, part: number) => number,
): PictureValues {
  const [top, left] = [first(rows, height), first(columns, width)];
  const cut = new Float32Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * columns + left) * channels;
    cut.set(data.subarray(start, start + width * channels), row * width * channels);
  }
  return { data: cut, shape: [height, width, channels] };
}

import { asNhwc } from "../../src/gpu/tensor.ts";
import type { Resampling } from "../../src/layers/resampling-taps.ts";
import { type Array64, at, fill } from "./array.ts";

/** An axis of `size` elements that becomes one of `out`, with a factor of up / down. */
export interface RationalAxis {
  readonly size: number;
  readonly out: number;
  readonly up: number;
  readonly down: number;
}

/** The place that element i is taken from, as a fraction of whole numbers, which is exact; the ONNX specification's formulas. */
function placeOf(
  how: Resampling["coordinates"],
  { size, out, up, down }: RationalAxis,
  i: number,
): [number, number] {
  const halfPixel: [number, number] = [(2 * i + 1) * down - up, 2 * up];
  switch (how) {
    case "half-pixel":
      return halfPixel;
    case "pytorch-half-pixel":
      return out > 1 ? halfPixel : [0, 1];
    case "half-pixel-symmetric": {
      // size / 2 · (1 − out / (up / down · size)), beside the half pixel's.
      const [numerator, denominator] = halfPixel;
      return [numerator + size * up - out * down, denominator];
    }
    case "asymmetric":
      return [i * down, up];
    case "align-corners":
      return out > 1 ? [i * (size - 1), out - 1] : [0, 1];
    case "tf-half-pixel-for-nn":
      return [(2 * i + 1) * down, 2 * up];
  }
}

/** An image resized, each pixel by itself from its place in x. */
export function resize(
  how: Resampling,
  [rows, columns]: readonly [RationalAxis, RationalAxis],
  x: Array64,
): Array64 {
  const [n, , , channels] = asNhwc(x.shape);
  return fill([n, rows.out, columns.out, channels], (image, v, u, c) =>
    interpolated(how, rows, v, (row) =>
      interpolated(how, columns, u, (column) => at(x, image, row, column, c) ?? Number.NaN),
    ),
  );
}

/** The value at element i of an axis, of what `value` has along it. */
function interpolated(how: Resampling, axis: RationalAxis, i: number, value: (at: number) => number): number {
  const { mode, rounding = "round-prefer-floor", cubicCoefficient: a = -0.75, excludeOutside } = how;
  const [numerator, denominator] = placeOf(how.coordinates, axis, i);
  const last = axis.size - 1;
  const edge = (place: number): number => Math.min(Math.max(place, 0), last);
  if (mode === "nearest") {
    const floor = Math.floor(numerator / denominator);
    const above = numerator - floor * denominator;
    const up = {
      floor: false,
      ceil: above > 0,
      "round-prefer-floor": 2 * above > denominator,
      "round-prefer-ceil": 2 * above >= denominator,
    }[rounding];
    return value(edge(floor + Number(up)));
  }
  const place = numerator / denominator;
  if (mode === "linear") {
    const inside = edge(place);
    const low = Math.floor(inside);
    return (1 - (inside - low)) * value(low) + (inside - low) * value(edge(low + 1));
  }
  const kernel = (d: number): number => {
    const t = Math.abs(d);
    return t <= 1 ? (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1 : a * (t ** 3 - 5 * t ** 2 + 8 * t - 4);
  };
  const around = [-1, 0, 1, 2].map((k) => Math.floor(place) + k);
  const used = excludeOutside ? around.filter((j) => j >= 0 && j <= last) : around;
  const weights = used.map((j) => kernel(place - j));
  const total = excludeOutside ? weights.reduce((sum, weight) => sum + weight, 0) : 1;
  return used.reduce((sum, j, k) => sum + ((weights[k] ?? 0) / total) * value(edge(j)), 0);
}

/** A row or column of an image, and its share of one of the resized image. */
export interface Tap {
  readonly at: number;
  readonly weight: number;
}

/** For each row or column of an output, those of the input that it is made of. */
export type Taps = readonly (readonly Tap[])[];

/**
 * The place in x that element i of y is taken from, along an axis of n elements that becomes m, with `scale` the factor
 * (ONNX's coordinate_transformation_mode):
 * - "half-pixel": (i + ½) / scale − ½ (TensorFlow 2; PyTorch with align_corners=False);
 * - "half-pixel-symmetric": the same, about the centre of x where m is not n · scale;
 * - "pytorch-half-pixel": the same as half-pixel, but 0 where m is 1;
 * - "asymmetric": i / scale (TensorFlow 1; PyTorch's nearest);
 * - "align-corners": i · (n − 1) / (m − 1), or 0 where m is 1 (PyTorch with align_corners=True);
 * - "tf-half-pixel-for-nn": (i + ½) / scale.
 */
export type Coordinates =
  | "half-pixel"
  | "half-pixel-symmetric"
  | "pytorch-half-pixel"
  | "asymmetric"
  | "align-corners"
  | "tf-half-pixel-for-nn";

/** The element that is nearest to a place between two: by its floor or ceiling, or the nearer, one half down or up. */
export type Rounding = "floor" | "ceil" | "round-prefer-floor" | "round-prefer-ceil";

/** What becomes of the values between the elements of x, along each axis by itself. */
export interface Resampling {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: Coordinates;
  /** Of "nearest". Default "round-prefer-floor". */
  readonly rounding?: Rounding | undefined;
  /** The coefficient a of "cubic" (Keys 1981): −0.75 (default; PyTorch, OpenCV) or −0.5 (TensorFlow, Pillow). */
  readonly cubicCoefficient?: number | undefined;
  /** Has "cubic" leave out what lies beyond the edge, rather than repeat the edge there. Default false. */
  readonly excludeOutside?: boolean | undefined;
}

/** An axis that is resized. */
export interface ResizedAxis {
  readonly size: number;
  readonly out: number;
  /** Elements of y for each of x. */
  readonly scale: number;
}

const { fround } = Math;

/** The place in x that element i of y is taken from, in f32 as other libraries reckon it. */
function sourceOf(coordinates: Coordinates, { size, out, scale }: ResizedAxis, i: number): number {
  switch (coordinates) {
    case "half-pixel":
      return fround(fround((i + 0.5) / scale) - 0.5);
    case "half-pixel-symmetric":
      return fround((size / 2) * (1 - out / (scale * size)) + (i + 0.5) / scale - 0.5);
    case "pytorch-half-pixel":
      return out > 1 ? fround(fround((i + 0.5) / scale) - 0.5) : 0;
    case "asymmetric":
      return fround(i / scale);
    case "align-corners":
      return out > 1 ? fround((i * (size - 1)) / (out - 1)) : 0;
    case "tf-half-pixel-for-nn":
      return fround((i + 0.5) / scale);
  }
}

function rounded(place: number, rounding: Rounding): number {
  switch (rounding) {
    case "floor":
      return Math.floor(place);
    case "ceil":
      return Math.ceil(place);
    case "round-prefer-floor":
      return Math.ceil(place - 0.5);
    case "round-prefer-ceil":
      return Math.floor(place + 0.5);
  }
}

/** Weights of the four elements around a place, `share` of the way from the second to the third (Keys 1981). */
function cubicWeights(share: number, a: number): readonly number[] {
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return [far(1 + share), near(share), near(1 - share), far(2 - share)];
}

/** The elements of x that each element of y is made of, along one axis; their weights sum to 1. */
export function resamplingTaps(resampling: Resampling, axis: ResizedAxis): Taps {
  const { mode, coordinates, rounding = "round-prefer-floor" } = resampling;
  const { cubicCoefficient = -0.75, excludeOutside = false } = resampling;
  const last = axis.size - 1;
  const inside = (at: number): number => Math.min(Math.max(at, 0), last);
  return Array.from({ length: axis.out }, (_, i): Tap[] => {
    const source = sourceOf(coordinates, axis, i);
    if (mode === "nearest") return [{ at: inside(rounded(source, rounding)), weight: 1 }];
    const place = mode === "linear" ? inside(source) : source;
    const low = Math.floor(place);
    const share = place - low;
    if (mode === "linear")
      return together([
        [low, 1 - share],
        [inside(low + 1), share],
      ]);
    const around = cubicWeights(share, cubicCoefficient).map((weight, k) => [low - 1 + k, weight] as const);
    const used = excludeOutside ? around.filter(([at]) => at === inside(at)) : around;
    const sum = used.reduce((total, [, weight]) => total + weight, 0);
    return together(used.map(([at, weight]) => [inside(at), excludeOutside ? weight / sum : weight]));
  });
}

/** Taps with each element once, those without weight left out. */
function together(taps: readonly (readonly [at: number, weight: number])[]): Tap[] {
  const weights = new Map<number, number>();
  for (const [at, weight] of taps) weights.set(at, (weights.get(at) ?? 0) + weight);
  return Array.from(weights, ([at, weight]) => ({ at, weight })).filter(({ weight }) => weight !== 0);
}

/** For each element of x, the elements of y that it has a share in: the taps of the gradient. */
export function transposedTaps(taps: Taps, size: number): Taps {
  const turned = Array.from({ length: size }, (): Tap[] => []);
  for (const [i, some] of taps.entries())
    for (const { at, weight } of some) turned[at]?.push({ at: i, weight });
  return turned;
}

/** Taps of rows and columns as the kernels read them; see resample.wgsl. */
export function tapTable(rows: Taps, columns: Taps): Uint32Array {
  const lists = [rows, columns];
  const heads = rows.length + columns.length + 2;
  const count = lists.flat().reduce((sum, taps) => sum + taps.length, 0);
  const table = new Uint32Array(heads + 2 * count);
  const weights = new Float32Array(table.buffer);
  let [head, place] = [0, heads];
  for (const taps of lists) {
    for (const some of taps) {
      table[head++] = place;
      for (const { at, weight } of some) {
        table[place] = at;
        weights[place + 1] = weight;
        place += 2;
      }
    }
    table[head++] = place;
  }
  return table;
}

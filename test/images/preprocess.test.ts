import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import {
  PICTURE_FITS,
  type PictureFit,
  PREPROCESSINGS,
  type Preprocessing,
} from "../../src/graph/preprocessing.ts";
import { type Pixels, pixelsFromImageData } from "../../src/images/pixels.ts";
import { cropOf, deprocess, inputFrom, preprocess } from "../../src/images/preprocess.ts";
import { resample, resizePixels } from "../../src/images/resample.ts";

/** A network that only takes images in. */
function fed(shape: readonly [number, number, number], preprocessing: Partial<Preprocessing> = {}): Graph {
  return {
    name: "eye",
    layers: [{ op: "input", name: "input", inputs: [], shape }],
    output: "input",
    preprocessing: { ...PREPROCESSINGS.unit, source: "given", ...preprocessing },
  };
}

/** An image whose red, green and blue are (x²·7 + y·31 + x·y·13) mod 256, its complement, and y. */
function pattern(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = (x * x * 7 + y * 31 + x * y * 13) % 256;
      data.set([value, 255 - value, y], (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

const whole = (width: number, height: number) => ({
  width,
  height,
  region: { left: 0, top: 0, width, height },
});

// Computed by Pillow 9.4: Image.fromarray(red, "F").resize((width, height), Image.BILINEAR).
const PILLOW: [from: [number, number], to: [number, number], values: number[]][] = [
  [
    [13, 9],
    [5, 4],
    [
      50.709, 108.778, 143.424, 140.59, 169.512, 115.759, 110.416, 131.478, 154.435, 123.415, 132.875,
      115.995, 122.348, 130.796, 124.283, 142.438, 122.184, 144.118, 143.263, 104.213,
    ],
  ],
  [
    [3, 2],
    [7, 5],
    [
      0.0, 1.0, 4.0, 7.0, 16.0, 25.0, 28.0, 3.1, 4.286, 7.843, 11.4, 20.957, 30.514, 33.7, 15.5, 17.429,
      23.214, 29.0, 40.786, 52.571, 56.5, 27.9, 30.571, 38.586, 46.6, 60.614, 74.629, 79.3, 31.0, 33.857,
      42.429, 51.0, 65.571, 80.143, 85.0,
    ],
  ],
  [
    [8, 6],
    [6, 9],
    [
      2.1, 17.5, 57.909, 124.727, 213.5, 136.5, 19.55, 42.75, 91.727, 132.5, 136.75, 157.15, 42.817, 76.417,
      132.939, 127.348, 77.083, 167.617, 66.083, 110.083, 162.515, 75.652, 145.417, 126.883, 89.35, 143.75,
      122.273, 93.773, 149.75, 137.35, 112.617, 156.083, 74.273, 127.409, 132.75, 147.817, 135.883, 104.417,
      72.818, 137.773, 115.75, 107.083, 159.15, 116.75, 94.636, 101.591, 98.75, 117.55, 176.6, 142.0, 116.818,
      62.818, 86.0, 138.2,
    ],
  ],
];

test.each(PILLOW)("an image of %o resized to %o has Pillow's values", (from, to, expected) => {
  const values = resample(pattern(...from), whole(...to));
  for (const [i, value] of expected.entries()) {
    expect(values[3 * i]).toBeCloseTo(value, 2);
    expect(values[3 * i + 1]).toBeCloseTo(255 - value, 2);
  }
});

test("a region of a resized image is that region", () => {
  const full = resample(pattern(13, 9), whole(7, 8));
  const part = resample(pattern(13, 9), {
    width: 7,
    height: 8,
    region: { left: 2, top: 3, width: 4, height: 2 },
  });
  const expected = [3, 4].flatMap((y) => [...full.slice((y * 7 + 2) * 3, (y * 7 + 6) * 3)]);
  expect([...part]).toEqual(expected);
});

test("an image of one colour keeps it at any size", () => {
  const size = fc.integer({ min: 1, max: 12 });
  const color = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(size, size, size, size, color, (width, height, toWidth, toHeight, [r, g, b]) => {
      const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => [r, g, b][i % 3] ?? 0);
      const resized = resizePixels({ width, height, data }, toWidth, toHeight);
      expect([...resized.data]).toEqual(Array.from({ length: toWidth * toHeight }, () => [r, g, b]).flat());
    }),
    { numRuns: 50 },
  );
});

test.each<
  [
    what: string,
    size: [number, number],
    input: [number, number],
    resize: number | undefined,
    crop: [number, number, number, number],
  ]
>([
  ["a landscape", [500, 375], [224, 224], 256, [341, 256, 58, 16]],
  ["a portrait", [375, 500], [224, 224], 256, [256, 341, 16, 58]],
  ["a square", [256, 256], [224, 224], 256, [256, 256, 16, 16]],
  ["the input's own size", [224, 224], [224, 224], 256, [224, 224, 0, 0]],
  ["no resize", [500, 375], [224, 224], undefined, [298, 224, 37, 0]],
  ["a wide input", [100, 100], [20, 40], undefined, [40, 40, 0, 10]],
  ["a wide input that resize does not cover", [100, 100], [20, 40], 30, [40, 40, 0, 10]],
  ["one pixel", [1, 1], [4, 6], undefined, [6, 6, 0, 1]],
  ["a strip", [300, 1], [8, 8], undefined, [2400, 8, 1196, 0]],
])(
  "%s of %o under an input of %o is resized and cropped at the centre",
  (_, [width, height], [h, w], resize, [rw, rh, left, top]) => {
    const graph = fed([h, w, 3], resize === undefined ? {} : { resize });
    expect(cropOf({ width, height }, graph)).toEqual({
      width: rw,
      height: rh,
      region: { left, top, width: w, height: h },
    });
  },
);

test("values are divided by the range, less the mean, over the deviation", () => {
  const image = { width: 2, height: 1, data: Uint8Array.from([255, 0, 51, 102, 204, 153]) };
  const close = (values: Float32Array, expected: number[]) => {
    expect(values.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 5);
  };
  close(preprocess(image, fed([1, 2, 3])), [1, 0, 0.2, 0.4, 0.8, 0.6]);
  close(preprocess(image, fed([1, 2, 3], PREPROCESSINGS.signed)), [1, -1, -0.6, -0.2, 0.6, 0.2]);
  close(
    preprocess(image, fed([1, 2, 3], { range: 1, mean: [123, 117, 104] })),
    [132, -117, -53, -21, 87, 49],
  );
  close(preprocess(image, fed([1, 2, 3], PREPROCESSINGS.imagenet)).slice(0, 3), [
    (1 - 0.485) / 0.229,
    -0.456 / 0.224,
    (0.2 - 0.406) / 0.225,
  ]);
  const luma = (255 * 0.299 + 51 * 0.114) / 255;
  close(preprocess(image, fed([1, 2, 1], { mean: [0.5], std: [0.25] })).slice(0, 1), [(luma - 0.5) / 0.25]);
});

test("an input shows the image it was made from", () => {
  const image = pattern(6, 5);
  for (const name of ["unit", "signed", "imagenet", "none"] as const) {
    const graph = fed([5, 6, 3], PREPROCESSINGS[name]);
    expect([...deprocess(preprocess(image, graph), graph).data]).toEqual([...image.data]);
  }
  const grey = fed([1, 2, 1], { mean: [0], std: [1] });
  expect([...deprocess(Float32Array.of(2, -1), grey).data]).toEqual([255, 255, 255, 0, 0, 0]);
});

test("transparent pixels show white", () => {
  const data = Uint8ClampedArray.from([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128]);
  expect([...pixelsFromImageData({ width: 3, height: 1, data }).data]).toEqual([
    10, 20, 30, 255, 255, 255, 127, 177, 227,
  ]);
});

test("an image whose size and values disagree is refused", () => {
  const graph = fed([4, 4, 3]);
  const image = (width: number, height: number, length: number) => ({
    width,
    height,
    data: new Uint8Array(length),
  });
  expect(() => preprocess(image(4, 4, 64), graph)).toThrow(
    "expected 48 values for 4×4 RGB, got 64; RGBA goes through pixelsFromImageData",
  );
  expect(() => preprocess(image(0, 4, 0), graph)).toThrow("expected a size of at least 1×1, got 0×4");
  expect(() => preprocess(image(1.5, 2, 9), graph)).toThrow(InputError);
  expect(() => pixelsFromImageData({ width: 2, height: 2, data: new Uint8ClampedArray(12) })).toThrow(
    InputError,
  );
  expect(() => deprocess(new Float32Array(3), graph)).toThrow(InputError);
});

test("values that are preprocessed already are checked", () => {
  const graph = fed([2, 3, 3]);
  const input = new Float32Array(18);
  expect(inputFrom(graph, input)).toBe(input);
  expect(inputFrom(graph, { width: 3, height: 2, data: new Uint8Array(18).fill(255) })).toEqual(
    new Float32Array(18).fill(1),
  );
  expect(() => inputFrom(graph, new Float32Array(17))).toThrow(
    "expected an input of 18 values (2×3×3), got 17",
  );
  input[13] = Number.NaN;
  expect(() => inputFrom(graph, input)).toThrow("got NaN at row 1, column 1, channel 1");
  input[13] = Number.POSITIVE_INFINITY;
  expect(() => inputFrom(graph, input)).toThrow(InputError);
});

test("a network of other channels shows no images", () => {
  const graph = fed([2, 2, 2], { mean: [0, 0], std: [1, 1] });
  expect(() => preprocess(pattern(2, 2), graph)).toThrow(UnsupportedError);
  expect(inputFrom(graph, new Float32Array(8)).length).toBe(8);
});

const sides = fc.integer({ min: 1, max: 40 });
const fitted = (fit: PictureFit, h: number, w: number) => fed([h, w, 3], { fit });

test("every fit gives an image of the input's own size as it stands, and places any other by its rule", () => {
  fc.assert(
    fc.property(sides, sides, sides, sides, (width, height, w, h) => {
      for (const fit of PICTURE_FITS) {
        const { region, ...size } = cropOf({ width, height }, fitted(fit, h, w));
        expect([region.width, region.height]).toEqual([w, h]);
        if (width === w && height === h) expect(size).toEqual({ width, height });
        // What is left over is the same on both sides, but for an odd pixel.
        expect(Math.abs(2 * region.left - (size.width - w))).toBeLessThanOrEqual(1);
        expect(Math.abs(2 * region.top - (size.height - h))).toBeLessThanOrEqual(1);
        if (fit === "stretch") expect(size).toEqual({ width: w, height: h });
        else {
          // Proportions are kept, but for the pixel that is cut off; one side is the input's.
          expect(size.width === w || size.height === h).toBe(true);
          expect(Math.abs(size.width * height - size.height * width)).toBeLessThanOrEqual(
            Math.max(width, height),
          );
          const inside = size.width <= w && size.height <= h;
          const outside = size.width >= w && size.height >= h;
          expect(fit === "contain" ? inside : outside).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("stretching keeps every column, covering the middle ones, containing leaves black around", () => {
  // White, 8×4, under 4×4: no fit changes a colour; only "contain" adds black, above and below.
  const white = { width: 8, height: 4, data: new Uint8Array(96).fill(255) };
  const rows = (fit: PictureFit) => {
    const input = preprocess(white, fitted(fit, 4, 4));
    return [0, 1, 2, 3].map((y) => [...input.slice(y * 12, y * 12 + 12)].reduce((sum, v) => sum + v, 0) / 12);
  };
  expect(rows("stretch")).toEqual([1, 1, 1, 1]);
  expect(rows("cover")).toEqual([1, 1, 1, 1]);
  expect(rows("contain")).toEqual([0, 1, 1, 0]);
});

test("a padded image is the stretched one of its own size, in the middle", () => {
  const image = pattern(10, 6);
  const padded = preprocess(image, fitted("contain", 5, 5));
  const inner = preprocess(image, fitted("stretch", 3, 5));
  expect([...padded.slice(0, 15)]).toEqual(Array(15).fill(0));
  expect([...padded.slice(15, 60)]).toEqual([...inner]);
  expect([...padded.slice(60)]).toEqual(Array(15).fill(0));
});

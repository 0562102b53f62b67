import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type PictureValues, zoomed, zoomedIn } from "../../src/images/zoom.ts";

/** Values of a picture by place and channel. */
function picture(
  height: number,
  width: number,
  of: (y: number, x: number, c: number) => number,
): PictureValues {
  const data = Float32Array.from({ length: height * width * 2 }, (_, i) =>
    of(Math.floor(i / (2 * width)), Math.floor(i / 2) % width, i % 2),
  );
  return { data, shape: [height, width, 2] };
}

const squares = picture(3, 4, (y, x, c) => (c === 0 ? (4 * y + x) ** 2 : -1));
const first = ({ data }: PictureValues): number[] => [...data].filter((_, i) => i % 2 === 0);

describe("a picture at another size", () => {
  // torch.nn.functional.interpolate(x, size, mode="bilinear", align_corners=True) of PyTorch 1.13
  test("is bilinear, corners on corners, as PyTorch has it", () => {
    const larger = zoomed(squares, [5, 7]);
    expect(larger.shape).toEqual([5, 7, 2]);
    const rows = [
      [0, 0.5, 1, 2.5, 4, 6.5, 9],
      [8, 10.5, 13, 16.5, 20, 24.5, 29],
      [16, 20.5, 25, 30.5, 36, 42.5, 49],
      [40, 46.5, 53, 60.5, 68, 76.5, 85],
      [64, 72.5, 81, 90.5, 100, 110.5, 121],
    ];
    for (const [i, value] of first(larger).entries()) expect(value).toBeCloseTo(rows.flat()[i] ?? 0, 4);
    expect(first(zoomed(squares, [2, 2]))).toEqual([0, 9, 64, 121]);
    expect(larger.data.filter((_, i) => i % 2 === 1).every((value) => Math.abs(value + 1) < 1e-6)).toBe(true);
  });

  test("of one pixel is that pixel, and one pixel becomes any size", () => {
    expect(first(zoomed(squares, [1, 1]))).toEqual([0]);
    expect(
      first(
        zoomed(
          picture(1, 1, () => 3),
          [2, 3],
        ),
      ),
    ).toEqual([3, 3, 3, 3, 3, 3]);
    expect(zoomed(squares, [3, 4])).toEqual(squares);
  });

  test.each([
    [0, 3],
    [2.5, 2],
    [Number.NaN, 1],
  ])("of %d×%d is refused", (h, w) => {
    expect(() => zoomed(squares, [h, w])).toThrow(InputError);
  });
});

test("drawn larger about its middle, a ramp stays a ramp of a smaller slope", () => {
  const ramp = picture(8, 10, (y, x) => 1 + 2 * y + 3 * x);
  const { data, shape } = zoomedIn(ramp, 0.1);
  expect(shape).toEqual([8, 10, 2]);
  for (let y = 0; y < 7; y++) {
    for (let x = 0; x < 9; x++) {
      const expected = 1 + 2 * (0.9 * y + 0.4) + 3 * (0.9 * x + 0.5);
      expect(data[(y * 10 + x) * 2]).toBeCloseTo(expected, 4);
    }
  }
  expect(zoomedIn(ramp, 0)).toEqual(ramp);
});

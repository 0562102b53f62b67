import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import { accentuationImage } from "../../../src/optimise/image/accentuation.ts";
import { expectClose, numbers } from "../../reference/numbers.ts";
import { drawnOf, expectAlone, expectGolden, expectSlope, withImage } from "./site.ts";

const picture = (h: number, w: number, c: number) => numbers(h * w * c, 41).map((v) => 0.5 + 0.4 * v);

describe("accentuationImage", () => {
  test.each([
    [7, 5],
    [6, 8],
  ])("draws at %i×%i what PyTorch computes, and scales the gradient alone", (h, w) =>
    expectGolden(accentuationImage({ picture: picture(h, w, 3) }), `accentuation-${h}x${w}`, [h, w, 3]),
  );

  test("takes the exact gradient back where no power scales it", () =>
    expectSlope(accentuationImage({ picture: picture(5, 4, 3), power: 0 }), { shape: [5, 4, 3] }));

  test.each([
    [[7, 5, 3], {}],
    [[6, 8, 1], {}],
    [[4, 4, 3], { color: "rgb" }],
  ] as const)("begins with the picture, of %j with %j", async (shape, options) => {
    const [h, w, c] = shape;
    const right = picture(h, w, c);
    const { pixels } = await withImage(
      accentuationImage({ ...options, picture: right }),
      { shape, of: [3] },
      (image, device) => drawnOf(image, device, right),
    );
    expectClose(pixels, right, 2e-6);
  });

  test("is the same, whatever the batch", async () => {
    const size = 6 * 5 * 3;
    const three = numbers(3 * size, 42).map((v) => 0.5 + 0.4 * v);
    await expectAlone(
      accentuationImage({ picture: three }),
      [6, 5, 3],
      accentuationImage({ picture: three.slice(size, 2 * size) }),
    );
  });

  test.each([
    ["no picture", {}, /expected picture, got none/],
    ["a picture that is not finite", { picture: [Number.NaN] }, /picture of finite numbers/],
    ["a power without bounds", { picture: [1], power: 9 }, /power of -8 to 8, got 9/],
    ["bounds that are one", { picture: [1], bounds: [1, 1] }, /low < high/],
  ])("refuses %s", (_, options, message) => {
    expect(() => accentuationImage(options as never)).toThrow(InputError);
    expect(() => accentuationImage(options as never)).toThrow(message);
  });

  test("refuses a picture of another size", () =>
    expect(
      withImage(accentuationImage({ picture: [1, 0, 1] }), { shape: [1, 2, 3] }, async () => {}),
    ).rejects.toThrow(/a picture of 6 numbers for all images of 1×2×3, or 2 times as many, got 3/));
});

import { describe, expect, test } from "vitest";
import { drawCurve } from "../../src/figures/curve.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { composeSynthesis, type SynthesisSheetOptions } from "../../src/figures/synthesis.ts";
import { composeWall, renderWall, type WallOptions } from "../../src/figures/wall.ts";
import { InputError } from "../../src/gpu/errors.ts";
import type { Pixels } from "../../src/images/pixels.ts";

type Rgb = readonly [number, number, number];
const plain = (width: number, height: number, color: Rgb): Pixels => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => color[i % 3] ?? 0),
});
const count = ({ data }: Pixels, [r, g, b]: Rgb): number =>
  data.filter((_, i) => i % 3 === 0 && data[i] === r && data[i + 1] === g && data[i + 2] === b).length;

const TEAL: Rgb = [0, 130, 120];
const OCHRE: Rgb = [200, 140, 20];

describe("a sheet of synthetic pictures", () => {
  const compose = (more: Partial<SynthesisSheetOptions> = {}) =>
    composeSynthesis({
      title: "What it wants",
      pictures: [
        {
          label: "star",
          picture: plain(96, 96, TEAL),
          caption: ["value 12.3", "network: star, p 0.998"],
          curve: [0, 4, 9],
          naturals: [{ picture: plain(60, 30, OCHRE), text: "a.png" }],
        },
      ],
      ...more,
    });

  test("shows picture, curve, natural pictures and every line of the caption", async () => {
    const figure = compose({ notes: ["Seed 7."] });
    for (const text of [
      "What it wants",
      "star",
      "value 12.3",
      "network: star, p 0.998",
      "a.png",
      "Seed 7.",
    ]) {
      expect(figure.svg).toContain(text);
    }
    expect(figure.svg).toContain("objective over 3 points");
    const drawn = await rasterize(figure);
    expect(count(drawn, TEAL)).toBe(192 * 192);
    // 60×30 pixels as squares, three times as large.
    expect(count(drawn, OCHRE)).toBe(180 * 90);
  });

  test("says what is known in the place of a picture that shows nothing", () => {
    const dead = "The unit does not fire for this picture, which shows nothing.";
    const { svg } = compose({ pictures: [{ label: "conv channel 0", caption: [dead] }] });
    expect(svg).not.toContain("<image");
    expect(svg.replace(/<\/text>\n?<text[^>]*>/g, " ")).toContain("does not fire");
  });

  test.each<[string, Partial<SynthesisSheetOptions>, RegExp]>([
    ["nothing", { pictures: [] }, /at least one picture, got none/],
    [
      "pictures of two sizes",
      {
        pictures: [
          { label: "a", picture: plain(4, 4, TEAL), caption: [] },
          { label: "b", picture: plain(5, 4, TEAL), caption: [] },
        ],
      },
      /expected pictures of 4×4, got 4×5/,
    ],
    ["an empty curve", { pictures: [{ label: "a", caption: [], curve: [] }] }, /finite values, got none/],
    ["NaN", { pictures: [{ label: "a", caption: [], curve: [1, Number.NaN] }] }, /finite values, got NaN/],
  ])("refuses %s", (_, more, message) => {
    expect(() => compose(more)).toThrow(message);
    expect(() => compose(more)).toThrow(InputError);
  });
});

describe("a curve", () => {
  const points = (values: readonly number[]) =>
    (
      drawCurve(values, [192, 192])
        .toFigure("")
        .svg.match(/points="([^"]*)"/)?.[1] ?? ""
    )
      .split(" ")
      .map((point) => point.split(",").map(Number));

  test("goes from left to right, and up where its values grow", () => {
    const found = points([0, 5, 10]);
    expect(found.map(([x]) => x)).toEqual([10, 96, 182]);
    const [first, middle, last] = found.map(([, y]) => y ?? Number.NaN);
    expect(middle).toBeCloseTo(((first ?? 0) + (last ?? 0)) / 2, 5);
    expect(last).toBeLessThan(first ?? 0);
  });

  test("is level where nothing changes, or one value is known", () => {
    for (const values of [[3], [3, 3]]) {
      const [[, first] = [], [, last] = []] = points(values);
      expect([first, last]).toEqual([96, 96]);
    }
  });
});

describe("a wall", () => {
  const wall = (channels: number, more: Partial<WallOptions> = {}): WallOptions => ({
    title: "All channels",
    pictures: Array.from({ length: channels }, (_, c) => ({ label: String(c), picture: plain(8, 8, TEAL) })),
    ...more,
  });

  test.each([1, 64, 512])("of %i pictures shows each of them with its number", (channels) => {
    const figure = composeWall(wall(channels));
    const numbers = [...figure.svg.matchAll(/>(\d+)<\/text>/g)].map(([, text]) => Number(text));
    expect(numbers).toEqual(Array.from({ length: channels }, (_, c) => c));
    const side = channels > 256 ? 56 : 96;
    const sizes = [...figure.svg.matchAll(/<image x="\d+" y="\d+" width="(\d+)" height="(\d+)"/g)];
    expect(sizes.map(([, width, height]) => [Number(width), Number(height)])).toEqual(
      numbers.map(() => [side, side]),
    );
  });

  test("is drawn", async () => {
    expect(count(await renderWall(wall(2)), TEAL)).toBe(2 * 96 * 96);
  });

  test("leaves the place of a dead unit empty, and says which", () => {
    const pictures = [{ label: "0", picture: plain(8, 8, TEAL) }, { label: "17" }];
    const { svg } = composeWall(wall(0, { pictures }));
    expect(svg.match(/<image/g)).toHaveLength(1);
    expect(svg).toContain("Nothing to show for 17.");
  });

  test("refuses no pictures, and pictures of two sizes", () => {
    expect(() => composeWall(wall(0))).toThrow(/at least one picture, got none/);
    const pictures = [
      { label: "0", picture: plain(8, 8, TEAL) },
      { label: "1", picture: plain(8, 9, TEAL) },
    ];
    expect(() => composeWall(wall(0, { pictures }))).toThrow(/expected pictures of 8×8, got 9×8/);
  });
});

import { describe, expect, test } from "vitest";
import { colorMap } from "../../src/figures/color-maps.ts";
import { composeContactSheet } from "../../src/figures/contact-sheet.ts";
import { composeFigure, renderFigure } from "../../src/figures/figure.ts";
import { formatNumber } from "../../src/figures/format-number.ts";
import { drawingOf, MAP_KINDS, type MapKind } from "../../src/figures/kinds.ts";
import { layOut } from "../../src/figures/layout.ts";
import { fitText, textWidth } from "../../src/figures/lettering.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { composeMapSheet, renderMapSheet } from "../../src/figures/sheet.ts";
import { LayerForm } from "../../src/graph/layer-form.ts";
import { enlargeMap, enlargePixels, shownSize } from "../../src/images/enlarge.ts";
import type { Pixels } from "../../src/images/pixels.ts";

const image = (width: number, height: number): Pixels => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 53) % 256),
});

const pixelAt = ({ width, data }: Pixels, x: number, y: number) =>
  [...data.slice(3 * (y * width + x), 3 * (y * width + x) + 3)] as [number, number, number];

/** How many pixels have exactly a colour. */
const count = ({ data }: Pixels, [r, g, b]: ArrayLike<number> & Iterable<number>) =>
  data.filter((_, i) => i % 3 === 0 && data[i] === r && data[i + 1] === g && data[i + 2] === b).length;

const isAtPixels = (kind: MapKind) => !drawingOf(kind).axes.includes(2);

describe("a figure", () => {
  test.each(MAP_KINDS)("of %s has three panels of at least 256 pixels, from 1×1 images on", async (kind) => {
    for (const [width, height] of [
      [1, 1],
      [12, 7],
      [96, 96],
      [200, 150],
    ] as const) {
      const shape = isAtPixels(kind) ? [height, width, 3] : [Math.ceil(height / 2), width];
      const map = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
      const figure = await renderFigure({ image: image(width, height), map, shape, kind, title: "x" });
      expect(figure.width).toBeGreaterThan(3 * 256);
      expect(figure.data).toHaveLength(figure.width * figure.height * 3);
    }
  });

  test("gives the brightest colour to all above the 99th percentile, and no other clipping", async () => {
    const side = 20;
    const map = new Float32Array(side * side * 3);
    // 400 magnitudes 1…400, each in another colour channel, every second one negative.
    for (let i = 0; i < side * side; i++) map[3 * i + (i % 3)] = i % 2 ? i + 1 : -i - 1;
    const figure = await renderFigure({
      image: image(side, side),
      map,
      shape: [side, side, 3],
      kind: "gradient",
      title: "",
    });
    const squares = shownSize(side, side).width / side;
    const brightest = colorMap("inferno").slice(-3);
    const bar = 14;
    // 396 is the value at 0.99; 397 to 400 lie above it, and 396 itself is at the map's end.
    const cells = (count(figure, brightest) - bar) / squares ** 2;
    expect(cells).toBeCloseTo(5, 0);
  });

  test("marks zero in the middle of signed maps and shows both signs", async () => {
    const map = Float32Array.from([2, 0, 0, -1]);
    const figure = await renderFigure({
      image: image(2, 2),
      map,
      shape: [2, 2],
      kind: "occlusion",
      title: "",
    });
    const table = colorMap("rdbu");
    const { width } = shownSize(2, 2);
    const cell = (width / 2) ** 2;
    const entry = (value: number) => 3 * Math.round(255 * ((value + 2) / 4));
    expect(count(figure, table.slice(-3))).toBeGreaterThanOrEqual(cell);
    expect(count(figure, table.slice(entry(0), entry(0) + 3))).toBeGreaterThanOrEqual(2 * cell);
    expect(count(figure, table.slice(entry(-1), entry(-1) + 3))).toBeGreaterThanOrEqual(cell);
  });

  test("draws guided backprop around grey, in the signal's own colours", async () => {
    const map = Float32Array.from([0, 0, 0, 1, -1, 0, -1, 0, 1, 0, 0, 0]);
    const figure = await renderFigure({
      image: image(2, 2),
      map,
      shape: [2, 2, 3],
      kind: "signal",
      title: "",
    });
    const cell = (shownSize(2, 2).width / 2) ** 2;
    expect(count(figure, [128, 128, 128])).toBeGreaterThanOrEqual(2 * cell);
    expect(count(figure, [255, 0, 128])).toBe(cell);
    expect(count(figure, [0, 128, 255])).toBe(cell);
  });

  test.each(MAP_KINDS)("of %s that is zero everywhere stays finite", (kind) => {
    const shape = isAtPixels(kind) ? [4, 4, 3] : [4, 4];
    const map = new Float32Array(isAtPixels(kind) ? 48 : 16);
    expect(() => composeFigure({ image: image(4, 4), map, shape, kind, title: "" })).not.toThrow();
  });

  test("refuses values that do not fit", () => {
    const of = (map: Float32Array, shape: number[], kind: MapKind) => () =>
      composeFigure({ image: image(4, 4), map, shape, kind, title: "" });
    expect(of(new Float32Array(16), [4, 4], "gradient")).toThrow(/H×W×C/);
    expect(of(new Float32Array(48), [4, 4, 3], "cam")).toThrow(/expected values of H×W/);
    expect(of(new Float32Array(15), [4, 4], "occlusion")).toThrow(/got 15 for 4×4/);
    expect(of(new Float32Array(12), [2, 2, 3], "gradient")).toThrow(/as large as the image/);
    expect(of(new Float32Array(16).fill(Number.NaN), [4, 4], "occlusion")).toThrow(/finite/);
  });
});

describe("a sheet of maps", () => {
  test("puts each channel in its place, all on one scale", async () => {
    const [h, w, c] = [2, 3, 5];
    const bright = colorMap("inferno").slice(-3).join();
    /** Where the lit square begins when one channel answers, at the bottom right of its map. */
    const corner = async (channel: number) => {
      const data = new Float32Array(h * w * c);
      data[(1 * w + 2) * c + channel] = 4;
      const sheet = await renderMapSheet({ data, shape: [h, w, c], title: "t" });
      // The colour bar begins with the same colour, at the figure's top.
      for (let y = 80; y < sheet.height; y++) {
        for (let x = 0; x < sheet.width; x++) if (pixelAt(sheet, x, y).join() === bright) return [x, y];
      }
      return [0, 0];
    };
    const [[x0 = 0, y0 = 0], [x1 = 0, y1 = 0], [x2 = 0, y2 = 0]] = [
      await corner(0),
      await corner(1),
      await corner(2),
    ];
    const [tileWidth, tileHeight] = [x1 - x0, y2 - y0];
    expect([y1, x2]).toEqual([y0, x0]);
    // Two maps a row, each of 3×2 cells and 2 pixels to the next.
    expect((tileWidth - 2) / 3).toBe((tileHeight - 2) / 2);
    expect(await corner(3)).toEqual([x1, y2]);
    expect(await corner(4)).toEqual([x0, y0 + 2 * tileHeight]);
    expect(() => composeMapSheet({ data: new Float32Array(30), shape: [2, 3], title: "" })).toThrow(
      /expected 6 values for 2×3/,
    );
  });

  test("has one scale for the layer, or one a map, clipped where that is asked", async () => {
    // Two maps of 1×4; the second ten times the first.
    const data = Float32Array.from([1, 10, 2, 20, 3, 30, 4, 40]);
    const draw = (more: object) => renderMapSheet({ data, shape: [1, 4, 2], title: "", ...more });
    const bright = colorMap("inferno").slice(-3);
    const cells = async (more: object) => {
      const sheet = await draw(more);
      // Squares are as large whatever the scale; the colour bar has a row or two.
      return Math.round(count(sheet, bright) / cell);
    };
    const cell = count(await draw({}), bright) - 14;
    expect([await cells({}), await cells({ scale: "own" })]).toEqual([1, 2]);
    // The middle of eight magnitudes is 4: what is above is clipped, the first map's last too.
    expect([await cells({ clip: 50 }), await cells({ clip: 50, scale: "own" })]).toEqual([5, 6]);
    expect(count(await draw({ colors: "viridis" }), colorMap("viridis").slice(-3))).toBeGreaterThan(cell);
    await expect(draw({ clip: 0 })).rejects.toThrow(/percentile above 0/);
    expect(() => composeMapSheet({ data: data.fill(Number.NaN), shape: [1, 4, 2], title: "" })).toThrow(
      /finite/,
    );
  });

  test("draws the matrix of each attention head, whatever the order of the axes", async () => {
    // Two heads of 3×3; the second attends to itself.
    const heads = Float32Array.from({ length: 18 }, (_, i) => (i >= 9 ? Number(i % 4 === 1) : 0));
    const form = LayerForm.of([1, 2, 3, 3], true);
    const sheet = { shape: [2, 3, 3], title: "" };
    const last = Float32Array.from({ length: 18 }, (_, i) => heads[(i % 2) * 9 + Math.floor(i / 2)] ?? 0);
    const drawn = await renderMapSheet({ ...sheet, data: heads, form });
    const asMaps = await renderMapSheet({ ...sheet, data: last, shape: [3, 3, 2] });
    const bright = colorMap("inferno").slice(-3);
    expect(count(drawn, bright)).toBe(count(asMaps, bright));
    expect(count(drawn, bright)).toBeGreaterThan(3 * 14);
    const { svg } = composeMapSheet({ ...sheet, data: heads, form });
    expect(svg).toMatch(/2 heads of 3×3/);
    expect(svg).toMatch(/>head 0</);
    expect(() => composeMapSheet({ ...sheet, data: heads, form: LayerForm.of([1, 2, 3, 4], true) })).toThrow(
      /expected 24 values for 2×3×3 as 3×4×2, got 18/,
    );
  });

  test("draws a sequence as one map, and other axes as maps", () => {
    const of = (shape: number[]) =>
      composeMapSheet({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, title: "" }).svg;
    expect(of([17, 8])).toMatch(/1 map of 17×8, a row for each/);
    expect(of([4, 5, 2, 3])).toMatch(/6 maps of 4×5/);
    expect(of([])).toMatch(/one square/);
  });

  test("reduces what would be too large", () => {
    const sheet = composeMapSheet({
      data: new Float32Array(300 * 300 * 64),
      shape: [300, 300, 64],
      title: "",
    });
    expect(sheet.width).toBeLessThan(2600);
  });

  test("draws one square a value for layers without pixels", () => {
    const few = composeMapSheet({ data: new Float32Array(10), shape: [10], title: "" });
    const many = composeMapSheet({ data: new Float32Array(1000), shape: [1000], title: "" });
    expect(many.height).toBeGreaterThan(few.height);
    expect(many.width).toBeLessThan(1200);
  });
});

describe("enlarging", () => {
  test("is bilinear between the centres of cells", () => {
    const map = Float32Array.from([0, 4, 8, 12]);
    const large = enlargeMap(map, [2, 2], { width: 4, height: 4, squares: false });
    expect([...large]).toEqual([0, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12]);
    const squares = enlargeMap(map, [2, 2], { width: 4, height: 4, squares: true });
    expect([...squares]).toEqual([0, 0, 4, 4, 0, 0, 4, 4, 8, 8, 12, 12, 8, 8, 12, 12]);
  });

  test("shows small pictures as squares of whole pixels", () => {
    expect(shownSize(96, 96)).toEqual({ width: 288, height: 288, squares: true });
    expect(shownSize(224, 112)).toEqual({ width: 320, height: 160, squares: false });
    expect(shownSize(4000, 2000)).toEqual({ width: 512, height: 256, squares: false });
    const small = image(3, 2);
    const large = enlargePixels(small, { width: 6, height: 4, squares: true });
    expect(pixelAt(large, 5, 3)).toEqual(pixelAt(small, 2, 1));
    expect(pixelAt(large, 1, 1)).toEqual(pixelAt(small, 0, 0));
  });
});

describe("lettering", () => {
  test("shortens what does not fit", () => {
    const short = fitText("African elephant, Loxodonta africana", 12, 80);
    expect(short).toMatch(/^African.*…$/);
    expect(textWidth(short, 12)).toBeLessThanOrEqual(80);
    expect(fitText("cat", 12, 80)).toBe("cat");
  });

  test.each([
    [0, "0"],
    [0.12345, "0.123"],
    [-1.5, "−1.5"],
    [123456, "1.23e5"],
    [0.00001234, "1.23e−5"],
    [1000, "1000"],
  ])("writes %f as %s", (value, text) => expect(formatNumber(value)).toBe(text));
});

test("small pictures stand so far apart that what is written below them is whole", () => {
  const sheet = composeContactSheet(
    [1, 2].map((n) => ({ picture: image(8, 8), text: `airplane ${n} 0.9951` })),
  );
  expect(sheet.svg).toContain("airplane 2 0.9951");
  expect(sheet.svg).not.toContain("…");
});

test("pictures beside each other keep their pixels", async () => {
  const picture = image(20, 10);
  const sheet = await rasterize(
    composeContactSheet([
      { picture, text: "a" },
      { picture, text: "b" },
    ]),
  );
  expect(pixelAt(sheet, 16, 16)).toEqual(pixelAt(picture, 0, 0));
  expect(pixelAt(sheet, 16 + 20 + 12, 16)).toEqual(pixelAt(picture, 0, 0));
  const figure = await rasterize(layOut({ title: "", panels: [{ picture, caption: [] }] }));
  expect(pixelAt(figure, 28 + 19, 28 + 12 + 18 + 9)).toEqual(pixelAt(picture, 19, 9));
});

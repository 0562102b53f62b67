import { describe, expect, test } from "vitest";
import { colorMap } from "../../src/figures/color-maps.ts";
import { Drawing } from "../../src/figures/drawing.ts";
import { drawnMap, type MapOptions, rescaled } from "../../src/figures/drawn-map.ts";
import { wrapText } from "../../src/figures/lettering.ts";
import { composeMultiples, type MultiplesOptions } from "../../src/figures/multiples.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { drawTable, measureTable } from "../../src/figures/table.ts";
import { enlargeMap, shownSize } from "../../src/images/enlarge.ts";
import type { Pixels } from "../../src/images/pixels.ts";

const image = (width: number, height: number): Pixels => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(90),
});
const map = (...values: number[]): MapOptions => ({
  map: Float32Array.from(values),
  shape: [1, values.length],
  kind: "cam",
});
const count = ({ data }: Pixels, [r, g, b]: ArrayLike<number> & Iterable<number>) =>
  data.filter((_, i) => i % 3 === 0 && data[i] === r && data[i + 1] === g && data[i + 2] === b).length;

const compose = (more: Partial<MultiplesOptions>) =>
  composeMultiples({
    image: image(2, 1),
    title: "t",
    columns: ["a", "b"],
    rows: [
      { label: "one", cells: [map(1, 0.5), map(0, 4)] },
      { label: "two", cells: [map(0, 2), map(8, 0)] },
    ],
    show: "map",
    ...more,
  });
const draw = (more: Partial<MultiplesOptions>) => rasterize(compose(more));

describe("small multiples", () => {
  const { width, height } = shownSize(2, 1, 208);
  const cell = (width / 2) * height;
  const table = colorMap("inferno");
  const at = (share: number) => {
    const entry = 3 * Math.round(255 * share);
    return table.slice(entry, entry + 3);
  };
  /** How many cells have the colour of a share of the scale; bars have few pixels of any. */
  const cells = (figure: Pixels, share: number) => Math.floor(count(figure, at(share)) / cell);

  test("each has a scale of its own, or shares that of its row, its column or all", async () => {
    const own = await draw({});
    expect([cells(own, 1), cells(own, 0.5)]).toEqual([4, 1]);
    const row = await draw({ scale: "row" });
    // Row one ends at 4, row two at 8.
    expect([cells(row, 1), cells(row, 0.25), cells(row, 0.125)]).toEqual([2, 2, 1]);
    const column = await draw({ scale: "column" });
    expect([cells(column, 1), cells(column, 0.5), cells(column, 0.25)]).toEqual([2, 2, 1]);
    const all = await draw({ scale: "all" });
    expect([cells(all, 1), cells(all, 0.5), cells(all, 0.25), cells(all, 0.125)]).toEqual([1, 1, 1, 1]);
  });

  test("signed maps share no scale with others, and zeros none at all", async () => {
    const figure = await draw({
      scale: "all",
      rows: [
        { label: "one", cells: [map(1, 0.5), map(-100, 50)] },
        { label: "two", cells: [map(0, 0), map(2, 0)] },
      ],
    });
    expect([cells(figure, 1), cells(figure, 0.5), cells(figure, 0.25)]).toEqual([1, 1, 1]);
    const zeros = await draw({ scale: "all", columns: ["a"], rows: [{ label: "", cells: [map(0, 0)] }] });
    expect(cells(zeros, 0)).toBe(2);
  });

  test("rows stand below one another, or side by side as groups", async () => {
    const below = await draw({});
    const beside = await draw({ wrap: true });
    expect(below.height).toBeGreaterThan(beside.height + height);
    expect(beside.width).toBeGreaterThan(below.width);
    // The image once: first of the groups, or beside the first row.
    expect(Math.round(count(below, [90, 90, 90]) / (width * height))).toBe(1);
    expect(Math.round(count(beside, [90, 90, 90]) / (width * height))).toBe(1);
    expect(count(await draw({ original: false }), [90, 90, 90])).toBe(0);
  });

  test("what cannot be drawn has its words in its place", async () => {
    const figure = await draw({
      rows: [{ label: "one", cells: [map(1, 0), "not defined for this network"] }],
    });
    expect(count(figure, [240, 241, 243])).toBeGreaterThan(0.8 * width * height);
  });

  test("a table beneath takes its room, and its notes theirs", () => {
    const table = { columns: ["", "insertion ↑"], rows: [["Grad-CAM", "0.70"]], notes: ["one note"] };
    const [bare, with1, with2] = [
      compose({}),
      compose({ table }),
      compose({ table: { ...table, rows: [...table.rows, ["RISE", "0.80"]] } }),
    ];
    expect(with1.height - bare.height).toBeGreaterThan(measureTable(table, 500).height);
    expect(with2.height - with1.height).toBe(20);
  });

  test.each([1, 3, 32, 96, 224, 300, 1000])("fits images of %d pixels and narrow ones", (side) => {
    for (const [w, h] of [
      [side, side],
      [side, Math.ceil(side / 3)],
      [Math.ceil(side / 3), side],
    ] as const) {
      const shown = shownSize(w, h, 208);
      expect(Math.max(shown.width, shown.height)).toBeGreaterThan(170);
      expect(Math.max(shown.width, shown.height)).toBeLessThan(320);
      if (shown.squares) expect(shown.width % w).toBe(0);
    }
    const cells = [[{ map: new Float32Array(side * side).fill(1), shape: [side, side], kind: "occlusion" }]];
    const figure = composeMultiples({
      image: image(side, side),
      title: "t",
      columns: [""],
      rows: cells.map((row) => ({ label: "", cells: row as MapOptions[] })),
    });
    expect(figure.width).toBeLessThan(800);
  });

  test("refuses rows that do not fit, and maps of another size than the image", () => {
    expect(() => compose({ rows: [] })).toThrow(/at least one row/);
    expect(() => compose({ columns: [], rows: [{ label: "one", cells: [] }] })).toThrow(
      /at least one map in row/,
    );
    expect(() => compose({ columns: ["a"] })).toThrow(/expected 1 maps in row "one", got 2/);
    const saliency = { map: new Float32Array(12), shape: [2, 2, 3], kind: "gradient" } as const;
    expect(() => compose({ columns: ["a"], rows: [{ label: "", cells: [saliency] }] })).toThrow(
      /as large as the image/,
    );
  });
});

describe("shades", () => {
  test("clip at a percentile that is said, or not at all", () => {
    const values = Float32Array.from({ length: 101 }, (_, i) => i);
    const of = (clip?: number) =>
      drawnMap({
        map: values,
        shape: [1, 101],
        kind: "attribution",
        ...(clip === undefined ? {} : { clip }),
      });
    expect([of().max, of(50).max, of(100).max]).toEqual([99, 50, 100]);
    expect(of(50).note).toBe("clipped at the 50th percentile; max 100");
    expect(of(100).note).toBe("nothing clipped; max 100");
    expect([of(50).min, of().signed]).toEqual([-50, true]);
    expect(() => of(0)).toThrow(/percentile above 0/);
    expect(() => of(101)).toThrow(/up to 100/);
  });

  test("take a colour map of their own kind only", () => {
    const of = (colors: "viridis" | "polar", ...values: number[]) =>
      drawnMap({ ...map(...values), colors }).colors;
    expect([of("viridis", 1, 0), of("viridis", -1, 0)]).toEqual(["viridis", "rdbu"]);
    expect([of("polar", 1, 0), of("polar", -1, 0)]).toEqual(["inferno", "polar"]);
    expect(() => of("rainbow" as "polar", 1)).toThrow(/expected one of/);
  });

  test("say when a shared scale cuts them off", () => {
    const shade = drawnMap(map(1, 3));
    expect(rescaled(shade, 0, 6).note).toBe("one scale · max 3");
    expect(rescaled(shade, 0, 2).note).toBe("one scale · max 3, clipped");
  });
});

describe("shrinking", () => {
  test("is the mean of the cells that fall on a pixel, whole and in part", () => {
    const out = enlargeMap(Float32Array.from([1, 3, 5, 7]), [1, 4], { width: 2, height: 1, squares: false });
    expect([...out]).toEqual([2, 6]);
    const parts = enlargeMap(Float32Array.from([1, 4, 7]), [1, 3], { width: 2, height: 1, squares: true });
    expect(parts[0]).toBeCloseTo((1 + 0.5 * 4) / 1.5, 6);
    expect(parts[1]).toBeCloseTo((0.5 * 4 + 7) / 1.5, 6);
  });

  test("loses no cell: the mean stays, whatever the sizes", () => {
    for (const [h, w, height, width] of [
      [300, 7, 20, 3],
      [13, 29, 5, 29],
      [224, 224, 208, 208],
    ] as const) {
      const values = Float32Array.from({ length: h * w }, (_, i) => ((i * 37) % 101) / 101);
      const out = enlargeMap(values, [h, w], { width, height, squares: false });
      const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;
      expect(mean(out)).toBeCloseTo(mean(values), 4);
    }
  });
});

describe("tables and words", () => {
  test("figures end where their column ends, names begin at the left", async () => {
    const table = {
      columns: ["", "first", "second"],
      rows: [
        ["a", "1", "2.00"],
        ["a longer name", "1.234", "−3"],
      ],
      marked: (row: number, column: number) => row === 0 && column === 1,
    };
    const { width, height, ends } = measureTable(table, 400);
    const drawing = new Drawing(width + 20, height + 20);
    drawTable(drawing, table, 10, 10, 400);
    const canvas = await rasterize(drawing.toFigure(""));
    const inked = (x: number) =>
      Array.from({ length: canvas.height }, (_, y) => canvas.data[3 * (y * canvas.width + x)] ?? 255).filter(
        (value) => value < 150,
      ).length;
    const columns = Array.from({ length: canvas.width }, (_, x) => x).filter((x) => inked(x) > 0);
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...columns)).toBeLessThanOrEqual(10 + (ends.at(-1) ?? 0) + 1);
    expect(width).toBe(ends.at(-1));
  });

  test("long texts are wrapped, and the last line shortened", () => {
    const text = "one two three four five six seven eight nine ten";
    const lines = wrapText(text, 9, 80, 20);
    expect(lines.join(" ")).toBe(text);
    expect(lines.length).toBeGreaterThan(2);
    expect(wrapText(text, 9, 80, 2)).toHaveLength(2);
    expect(wrapText(text, 9, 80, 2)[1]).toMatch(/…$/);
    expect(wrapText("", 9, 80, 2)).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { renderFigure } from "../../src/figures/figure.ts";
import { renderOverlay } from "../../src/figures/overlay.ts";
import type { Pixels } from "../../src/images/pixels.ts";

const photo = (width: number, height: number): Pixels => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => [40, 90, 160][i % 3] ?? 0),
});

const graphOf = (fit: "cover" | "stretch" | "contain", [h, w]: readonly [number, number]) => ({
  name: "net",
  output: "input",
  layers: [{ name: "input", op: "input" as const, inputs: [], shape: [h, w, 3] as const }],
  preprocessing: { range: 255 as const, mean: [0, 0, 0], std: [1, 1, 1], source: "given" as const, fit },
});

/** A map of nothing but one cell. */
function spot(size: number, row: number, column: number): Float32Array {
  const map = new Float32Array(size * size);
  map[row * size + column] = 1;
  return map;
}

const isUntouched = ({ width, data }: Pixels, x: number, y: number): boolean =>
  [40, 90, 160].every((value, c) => data[3 * (y * width + x) + c] === value);

/** Where a picture is lightest: inferno's end. */
function lightest({ width, data }: Pixels): readonly [x: number, y: number] {
  let [best, at] = [-1, 0];
  for (let i = 0; i < data.length / 3; i++) {
    const light = (data[3 * i] ?? 0) + (data[3 * i + 1] ?? 0) + (data[3 * i + 2] ?? 0);
    if (light > best) [best, at] = [light, i];
  }
  return [at % width, Math.floor(at / width)];
}

const draw = (
  fit: "cover" | "stretch" | "contain",
  [width, height]: readonly [number, number],
  row: number,
  column: number,
) =>
  renderOverlay(photo(width, height), graphOf(fit, [8, 8]), {
    map: spot(4, row, column),
    shape: [4, 4],
    kind: "cam",
  });

describe("a map brought back to the photograph", () => {
  test("whose sides were cut off: they stay as they are", () => {
    // 60×40 became 12×8, of which 8×8 in the middle was seen: 10…50 across.
    const drawn = draw("cover", [60, 40], 0, 3);
    expect([drawn.width, drawn.height]).toEqual([60, 40]);
    for (let y = 0; y < 40; y++) {
      for (let x = 0; x < 60; x++) expect(isUntouched(drawn, x, y)).toBe(x < 10 || x >= 50);
    }
    // The cell at the top right covers 40…50 across and 0…10 down; beyond its centre the map does not fall.
    const [x, y] = lightest(drawn);
    expect([x >= 44 && x < 50, y < 6]).toEqual([true, true]);
  });

  test("that was squashed", () => {
    const drawn = draw("stretch", [60, 40], 2, 1);
    // The centre of the cell at row 2, column 1.
    const [x, y] = lightest(drawn);
    expect([Math.abs(x + 0.5 - 60 * (1.5 / 4)) <= 1, Math.abs(y + 0.5 - 40 * (2.5 / 4)) <= 1]).toEqual([
      true,
      true,
    ]);
    expect(isUntouched(drawn, 0, 0)).toBe(false);
  });

  test("that was padded: what lay over the padding falls away", () => {
    // 60×40 became 8×5 within 8×8, from row 2 on.
    const drawn = draw("contain", [60, 40], 1, 2);
    expect([drawn.width, drawn.height]).toEqual([60, 40]);
    for (const [x, y] of [
      [0, 0],
      [59, 0],
      [0, 39],
      [59, 39],
    ] as const)
      expect(isUntouched(drawn, x, y)).toBe(false);
    const [x, y] = lightest(drawn);
    // The centre of row 1 of 4 is the input's row 3, one row into the picture's 5.
    expect([Math.abs(x + 0.5 - 60 * (2.5 / 4)) <= 1, Math.abs(y + 0.5 - 40 * (1 / 5)) <= 2]).toEqual([
      true,
      true,
    ]);
  });

  test("of the input's own size is what the figure shows", async () => {
    const image = photo(300, 300);
    const options = { map: spot(4, 1, 1), shape: [4, 4], kind: "cam" as const };
    const drawn = renderOverlay(image, graphOf("cover", [300, 300]), options);
    const figure = await renderFigure({ ...options, image, title: "t", panels: ["overlay"] });
    const row = (of: Pixels, x: number, y: number) => [
      ...of.data.subarray(3 * (y * of.width + x), 3 * (y * of.width + x + 300)),
    ];
    const rows = Array.from({ length: figure.height }, (_, y) => row(figure, 28, y).join());
    expect(rows).toContain(row(drawn, 0, 120).join());
  });
});

test("colours that are not uniform are said to be so, and taken for maps of every kind", async () => {
  const image = photo(64, 64);
  const render = (colors: "jet" | "inferno" | "rdbu", values: Float32Array) =>
    renderFigure({
      image,
      map: values,
      shape: [4, 4],
      kind: "attribution",
      title: "t",
      panels: ["map"],
      colors,
    });
  const signed = spot(4, 1, 1).map((value) => value - 0.2);
  const [jet, usual] = [await render("jet", signed), await render("rdbu", signed)];
  expect(jet.data).not.toEqual(usual.data);
  // A caption of a line more.
  expect(jet.height).toBeGreaterThan(usual.height);
  expect((await render("inferno", signed)).data).toEqual(usual.data);
});

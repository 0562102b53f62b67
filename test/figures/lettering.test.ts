import { describe, expect, test } from "vitest";
import { Drawing, type Figure } from "../../src/figures/drawing.ts";
import { composeFigure } from "../../src/figures/figure.ts";
import { BOX, fitText, isLettered, textWidth, wrapText, writtenText } from "../../src/figures/lettering.ts";
import { composeMultiples } from "../../src/figures/multiples.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { composeMapSheet } from "../../src/figures/sheet.ts";

/** The first and the last column in which a line of text, begun at 10, leaves ink. */
async function inkOf(text: string, size: number, weight: 400 | 600): Promise<readonly [number, number]> {
  const drawing = new Drawing(500, 40);
  drawing.text(text, 10, 30, { color: [0, 0, 0], size, weight });
  const { width, height, data } = await rasterize(drawing.toFigure(""));
  const inked = Array.from({ length: width }, (_, x) => x).filter((x) =>
    Array.from({ length: height }, (_, y) => data[3 * (y * width + x)] ?? 255).some((value) => value < 128),
  );
  return [inked[0] ?? -1, inked.at(-1) ?? -1];
}

describe("a line of text", () => {
  test.each([
    "Grad-CAM",
    "0123456789",
    "|∂S/∂x| ≤ é…",
    "iiiiiiii",
    "WWWW",
    "AVAVToTa",
    "ReLU(∑ weight × activation)",
    "лиса ελάφι Füchse",
    "漢字 한국 עב",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "🐈‍⬛ ❤️",
  ])("is as wide as was measured without the font: %s", async (text) => {
    for (const weight of [400, 600] as const) {
      const [first, last] = await inkOf(text, 20, weight);
      const width = textWidth(text, 20, weight);
      expect(first).toBeGreaterThanOrEqual(9);
      expect(last).toBeLessThanOrEqual(10 + Math.ceil(width));
      // Kerning draws letters together; a box is narrower than the room that is kept for a letter that is not known.
      expect(last).toBeGreaterThan(10 + ([...text].every(isLettered) ? 0.85 : 0.3) * width);
    }
  });

  test("has a box for what the letters lack, and for what no document may hold", async () => {
    const drawn = async (text: string) => {
      const drawing = new Drawing(40, 30);
      drawing.text(text, 5, 20, { color: [0, 0, 0], size: 16 });
      return (await rasterize(drawing.toFigure(""))).data;
    };
    expect(await drawn("狐")).toEqual(await drawn(BOX));
    expect(await drawn("x")).not.toEqual(await drawn(BOX));
    expect(writtenText("a\u0000\u202e\ud800b\n")).toBe(`a${BOX}${BOX}${BOX}b${BOX}`);
  });

  test("is shortened and wrapped to a width", () => {
    const text = "African elephant, Loxodonta africana";
    expect(textWidth(fitText(text, 12, 80), 12)).toBeLessThanOrEqual(80);
    for (const line of wrapText(text, 12, 80, 9)) expect(textWidth(line, 12)).toBeLessThanOrEqual(80);
    expect(textWidth("e\u0301", 12)).toBe(textWidth("é", 12));
  });
});

describe("a document", () => {
  test("holds any words as text", () => {
    const drawing = new Drawing(10, 10);
    drawing.text('<b> & "q" 狐', 0, 0, { color: [0, 0, 0], size: 12 });
    const { svg } = drawing.toFigure("<script>");
    expect(svg).toContain('>&lt;b&gt; &amp; "q" 狐</text>');
    expect(svg).toContain("<title>&lt;script&gt;</title>");
  });

  test("is drawn larger with squares as sharp as before", async () => {
    const drawing = new Drawing(4, 2);
    const data = Uint8Array.from([250, 0, 0, 0, 250, 0]);
    drawing.place({ width: 2, height: 1, data, squares: true }, 1, 1);
    const { width, data: large } = await rasterize(drawing.toFigure(""), { scale: 3 });
    const row = Array.from({ length: width }, (_, x) =>
      [...large.subarray(3 * (4 * width + x), 3 * (4 * width + x) + 3)].join(),
    );
    const white = "255,255,255";
    expect(row).toEqual([white, "250,0,0", "0,250,0", white].flatMap((color) => [color, color, color]));
    await expect(rasterize(drawing.toFigure(""), { scale: 0.5 })).rejects.toThrow(/scale of 1 to 8/);
  });
});

/** Where each text of a figure is: its box, as measured. */
function textBoxes({ svg }: Figure) {
  return [
    ...svg.matchAll(
      /<text x="([\d.]+)" y="([\d.]+)" font-size="(\d+)"( font-weight="600")?( text-anchor="(\w+)")?[^>]*>([^<]*)</g,
    ),
  ].map(([, x = "", y = "", size = "", heavy, , anchor, text = ""]) => {
    const plain = text.replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
    const width = textWidth(plain, Number(size), heavy ? 600 : 400);
    const left = Number(x) - width * (anchor === "end" ? 1 : anchor === "middle" ? 0.5 : 0);
    return { text, left, right: left + width, top: Number(y) - 0.75 * Number(size), bottom: Number(y) };
  });
}

const LONG =
  "a caption of a hundred words, of which none may be lost and none may lie over another, whatever its length is; ".repeat(
    3,
  );
const image = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(120),
});
const cam = (unit: string) =>
  ({ map: Float32Array.of(-1234567, 2, 3, 0.000012345), shape: [2, 2], kind: "cam", unit }) as const;

const FIGURES: Readonly<Record<string, () => Figure>> = {
  "one figure, long words": () =>
    composeFigure({ ...cam(LONG), image: image(96, 96), title: LONG, subtitle: LONG }),
  "one figure of one narrow panel": () =>
    composeFigure({ ...cam(LONG), image: image(2, 64), title: LONG, subtitle: LONG, panels: ["map"] }),
  "one figure of a wide image": () =>
    composeFigure({ ...cam("x"), image: image(300, 9), title: "t", colors: "jet" }),
  "one figure of a narrow image": () =>
    composeFigure({ ...cam("x"), image: image(20, 200), title: LONG, colors: "jet" }),
  "one figure of one pixel": () => composeFigure({ ...cam("x"), image: image(1, 1), title: "t" }),
  "many maps": () =>
    composeMultiples({
      image: image(224, 100),
      title: LONG,
      subtitle: LONG,
      columns: [""],
      rows: Array.from({ length: 21 }, (_, i) => ({
        label: `${i} ${LONG}`,
        cells: [i % 5 ? { ...cam(LONG), note: LONG } : LONG],
      })),
      wrap: true,
      notes: [LONG],
      table: {
        title: LONG.slice(0, 60),
        columns: ["", "insertion\n↑", "deletion ↓"],
        rows: [
          ["Grad-CAM", "0.70", "–"],
          ["RISE", "0.8", "1"],
        ],
        notes: [LONG],
      },
    }),
  "maps of classes at layers, narrow": () =>
    composeMultiples({
      image: image(20, 128),
      title: "t",
      columns: ["tabby, tabby cat", LONG],
      rows: ["conv1", LONG].map((label) => ({ label, cells: [cam("x"), cam(LONG)] })),
      scale: "all",
    }),
  "a sheet of a layer": () =>
    composeMapSheet({
      data: Float32Array.from({ length: 512 }, (_, i) => i - 9),
      shape: [1, 1, 512],
      title: LONG,
      clip: 90,
      scale: "own",
    }),
  "a sheet of one map": () =>
    composeMapSheet({ data: Float32Array.of(1, -2), shape: [1, 2, 1], title: LONG }),
};

describe("no word leaves the picture or lies over another:", () => {
  test.each(Object.entries(FIGURES))("%s", (_, compose) => {
    const figure = compose();
    const boxes = textBoxes(figure);
    expect(boxes.length).toBeGreaterThan(2);
    for (const { text, left, right, top, bottom } of boxes) {
      expect([left >= 0, right <= figure.width, top >= 0, bottom <= figure.height], text).toEqual([
        true,
        true,
        true,
        true,
      ]);
    }
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `"${a.text}" and "${b.text}"`).toBe(true);
      }
    }
    // The same words and numbers give the same document.
    expect(compose().svg).toBe(figure.svg);
  });
});

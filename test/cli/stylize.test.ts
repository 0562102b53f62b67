import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { folder, json, vitrine, writeStyleModel } from "./run.ts";

let style: string;

beforeAll(async () => {
  style = join(folder, "style");
  await writeStyleModel("style");
});

/** A picture of one colour in a file. */
async function file(name: string, width: number, height: number, color: readonly number[]): Promise<string> {
  const path = join(folder, name);
  const data = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => color[i % 3] ?? 0);
  await writePng(path, { width, height, data });
  return path;
}

describe("vitrine stylize", () => {
  test("draws a film's frames at their own size into a folder", async () => {
    const frames = join(folder, "frames");
    await mkdir(frames, { recursive: true });
    for (const [i, [w, h]] of [
      [9, 5],
      [9, 5],
      [6, 7],
    ].entries()) {
      await file(`frames/${i + 1}.png`, w ?? 1, h ?? 1, [10 * i, 100, 200]);
    }
    const out = join(folder, "painted");
    const args = ["stylize", frames, "--model", style, "--preprocess", "none", "--gives", "0,255"];
    const { pictures } = await json<{ pictures: { size: number[]; out: string }[] }>([...args, "--out", out]);
    expect(pictures.map(({ size }) => size)).toEqual([
      [5, 9],
      [5, 9],
      [7, 6],
    ]);
    const last = await readImage(join(out, "3.png"));
    expect([last.width, last.height, ...last.data.subarray(0, 3)]).toEqual([6, 7, 200, 100, 20]);
  });

  test("takes what a network gives as it is said: 0…1 for the same picture", async () => {
    const photo = await file("one.png", 5, 4, [0, 51, 255]);
    const out = join(folder, "one-out.png");
    const args = ["stylize", photo, "--model", style, "--preprocess", "unit", "--gives", "0,1"];
    const { code, out: said } = await vitrine([...args, "--border", "2", "--longest", "3", "--out", out]);
    expect(code).toBe(0);
    expect(said).toContain("3×2 pixels of one.png, drawn by style");
    expect([...(await readImage(out)).data.subarray(0, 3)]).toEqual([255, 51, 0]);
  });

  test("draws by the shipped style network where none is named", async () => {
    const photo = await file("two.png", 20, 12, [90, 120, 60]);
    const out = join(folder, "two-out.png");
    const { out: said } = await vitrine(["stylize", photo, "--out", out]);
    expect(said).toContain("20×12 pixels of two.png, drawn by style");
    expect(await readImage(out)).toMatchObject({ width: 20, height: 12 });
  });

  test.each([
    [[], /stylize expects an IMAGE/],
    [["x.png", "--model", "STYLE"], /--out painted.png, got none/],
    [["x.png", "y.png", "--model", "STYLE", "--out", "o.png"], /--out expects a folder for several images/],
    [["x.png", "--model", "STYLE", "--preprocess", "none", "--out", "o.png"], /--gives BLACK,WHITE/],
    [
      ["x.png", "--model", "STYLE", "--preprocess", "none", "--gives", "1,1", "--out", "o.png"],
      /such as 0,255, got 1,1/,
    ],
    [["x.png", "--model", "STYLE", "--gives", "0,1", "--out", "o.png"], /expects --preprocess beside/],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await vitrine(["stylize", ...args.map((arg) => (arg === "STYLE" ? style : arg))]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

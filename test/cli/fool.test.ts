import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const QUICK = ["--generations", "3", "--children", "6", "--batch", "4"];

interface Report {
  readonly method: string;
  readonly generations: number;
  readonly evaluations: number;
  readonly results: readonly {
    readonly index: number;
    readonly label?: string;
    readonly probability: number;
  }[];
}

describe("vitrine fool", () => {
  test("writes each class's picture, which predict finds as probable as was said", async () => {
    const model = await writeTinyModel("fool");
    const out = join(folder, "fooling");
    const found = await json<Report>(["fool", "--model", model, ...QUICK, "--out", out]);
    expect(found).toMatchObject({ method: "cppn", generations: 3, evaluations: 18 });
    expect(found.results.length).toBe(3);
    const files = readdirSync(out).sort();
    expect(files).toEqual(["class-0.png", "class-1.png", "class-2.png"]);
    for (const [index, file] of files.entries()) {
      expect(await readImage(join(out, file))).toMatchObject({ width: 12, height: 12 });
      const { results } = await json<{
        results: { predictions: { index: number; probability: number }[] }[];
      }>(["predict", join(out, file), "--model", model]);
      const answer = results[0]?.predictions.find((one) => one.index === index);
      expect(found.results[index]?.probability).toBe(answer?.probability);
    }
  });

  test("evolves pixels for the classes that are asked, on a sheet", async () => {
    const model = await writeTinyModel("fool");
    const out = join(folder, "fooling.png");
    const args = ["fool", "--model", model, ...QUICK, "--method", "direct", "--target", "2,0", "--out", out];
    const { code, out: said } = await vitrine(args);
    expect(code).toBe(0);
    expect(said).toMatch(
      /^direct, 3 generations, 18 pictures: 0 of 2 classes above 0.99\n {2}class 2 +0\.\d{4}/,
    );
    expect((await readImage(out)).width).toBeGreaterThan(24);
  });

  test("climbs from a picture by gradient", async () => {
    const model = await writeTinyModel("fool");
    const args = ["fool", "--model", model, "--method", "gradient", "--target", "1", "--steps", "4"];
    const { code, out } = await vitrine([...args, "--from", "synthetic:3"]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^gradient from synthetic:3: 0 of 1 classes above 0.99\n {2}class 1 {2}0\.\d{4} {2}4 steps$/,
    );
  });

  test.each([
    [["--method", "cpn"], /--method expects cppn, direct, gradient, got "cpn"; did you mean cppn\?/],
    [["--generations", "0"], /--generations expects a whole number of 1 to/],
    [["--target", "7"], /--target expects a class of 0 to 2, got 7/],
    [["--method", "gradient", "--children", "4"], /--method gradient takes no --children/],
    [["--from", "synthetic:1"], /--method cppn takes no --from/],
    [["a.png"], /fool expects options only, got "a.png"/],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await vitrine(["fool", "--model", await writeTinyModel("fool"), ...args]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

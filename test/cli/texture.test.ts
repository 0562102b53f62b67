import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { folder, json, vitrine } from "./run.ts";

describe("vitrine texture", () => {
  test("grows a texture from a picture, the same as the library's", async () => {
    const sample = join(folder, "sample.png");
    await vitrine(["dataset", "--index", "10", "--size", "12", "--out", sample]);
    const out = join(folder, "texture.png");
    const args = ["texture", sample, "--size", "10x14", "--window", "5", "--seed", "2", "--out", out];
    const report = await json<{ size: number[]; rounds: number }>(args);
    expect(report.size).toEqual([10, 14]);
    expect(report.rounds).toBeGreaterThan(4);
    expect(await readImage(out)).toMatchObject({ width: 14, height: 10 });
  });

  test.each([
    [["synthetic:2"], /texture expects --out texture.png, got none/],
    [["--out", "a.png"], /texture expects one IMAGE, got none/],
    [["a.png", "b.png", "--out", "c.png"], /texture expects one IMAGE, got 2/],
    [["synthetic:2", "--method", "knit", "--out", "c.png"], /--method expects efros-leung, gram, got "knit"/],
    [["synthetic:2", "--layer", "conv1", "--out", "c.png"], /--method efros-leung takes no --layer/],
    [
      ["synthetic:2", "--method", "gram", "--window", "5", "--out", "c.png"],
      /--method gram takes no --window/,
    ],
    [["synthetic:2", "--method", "gram", "--out", "c.png"], /texture expects --layer NAME, got none/],
    [["synthetic:two", "--out", "c.png"], /synthetic: and a whole number/],
    [["synthetic:2", "--window", "4", "--out", "c.png"], /expected a window of an odd side/],
    [["nothing.png", "--out", "c.png"], /nothing.png/],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await vitrine(["texture", ...args]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

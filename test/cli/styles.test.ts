import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine } from "./run.ts";

const STYLE = ["--content-layers", "conv2_1", "--style-layers", "conv1,pool1"];

describe("pictures from pictures, on the command line", () => {
  test("invert draws several layers side by side, and keeps one as an array", async () => {
    const sheet = join(folder, "depths.png");
    const two = ["invert", "synthetic:4", "--layer", "conv1,conv2_1", "--steps", "3"];
    const report = await json<{ results: { layer: string; distance: number; curve: number[] }[] }>([
      ...[...two, "--out", sheet],
    ]);
    expect(report.results.map(({ layer }) => layer)).toEqual(["conv1", "conv2_1"]);
    expect(report.results.every(({ distance, curve }) => distance > 0 && curve.length === 3)).toBe(true);
    expect((await readImage(sheet)).width).toBeGreaterThan(2 * 96);
    const out = join(folder, "inverted.npy");
    const one = [
      "invert",
      "synthetic:4",
      "--layer",
      "conv1",
      "--steps",
      "4",
      "--save-every",
      "2",
      "--out",
      out,
    ];
    const { code, out: line } = await vitrine(one);
    expect(code).toBe(0);
    expect(line).toMatch(/^synthetic:4 from conv1: [\d.]+ % of the features are left$/);
    const [last, half] = [await readNpy(out), await readNpy(join(folder, "inverted-2.npy"))];
    expect(last.shape).toEqual([1, 96, 96, 3]);
    expect(half.shape).toEqual([96, 96, 3]);
    expect((await readNpy(join(folder, "inverted-4.npy"))).data).toEqual(last.data);
    expect(half.data).not.toEqual(last.data);
  });

  test("style goes on from where it stopped, at the size of the content", async () => {
    const first = join(folder, "first.npy");
    const args = ["style", "synthetic:4", "synthetic:10", ...STYLE, "--longest", "40"];
    const report = await json<{ size: number[]; loss: number; curve: number[] }>([
      ...[...args, "--init", "content", "--steps", "3", "--save-every", "3", "--out", first],
    ]);
    expect(report.size).toEqual([40, 40]);
    expect(report.curve[2]).toBeGreaterThan(report.curve[0] ?? 0);
    const out = join(folder, "second.png");
    const { code, out: line } = await vitrine([...args, "--init", first, "--steps", "1", "--out", out]);
    expect(code).toBe(0);
    expect(line).toMatch(/^40×40 pixels of synthetic:4 by synthetic:10, loss \S+ to \S+$/);
    expect(await readImage(out)).toMatchObject({ width: 40, height: 40 });
  });

  test("texture by Gram matrices is of any size", async () => {
    const out = join(folder, "woven.png");
    const report = await json<{ size: number[]; loss: number }>([
      ...["texture", "synthetic:10", "--method", "gram", "--layer", "conv1,pool1", "--longest", "48"],
      ...["--size", "36x52", "--steps", "2", "--save-every", "1", "--out", out],
    ]);
    expect(report).toMatchObject({ size: [36, 52] });
    expect(await readImage(out)).toMatchObject({ width: 52, height: 36 });
    expect(existsSync(join(folder, "woven-1.png"))).toBe(true);
  });

  test.each([
    [["invert", "synthetic:4", "--out", "a.png"], /invert expects --layer NAME, got none/],
    [["invert", "synthetic:4", "--layer", "conv9", "--out", "a.png"], /expected a layer's name/],
    [["invert", "synthetic:4", "--layer", "conv1"], /invert expects --out inverted.png, got none/],
    [
      ["invert", "synthetic:4", "--layer", "conv1,conv2_1", "--save-every", "1", "--out", "a.png"],
      /--save-every expects one layer, got 2/,
    ],
    [["style", "synthetic:4", ...STYLE, "--out", "a.png"], /style expects CONTENT and STYLE, got 1/],
    [["style", "synthetic:4", "synthetic:5", "--out", "a.png"], /style expects --content-layers NAME/],
    [
      ["style", "synthetic:4", "synthetic:5", ...STYLE, "--init", "grey", "--out", "a.png"],
      /--init expects noise/,
    ],
    [
      ["style", "synthetic:4", "synthetic:5", ...STYLE, "--loss", "l1", "--out", "a.png"],
      /--loss expects gatys/,
    ],
    [["style", "synthetic:4", "synthetic:5", ...STYLE, "--memory", "1", "--out", "a.png"], /MiB/],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await vitrine(args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

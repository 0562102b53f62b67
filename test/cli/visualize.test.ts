import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

interface Report {
  readonly technique: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly results: readonly {
    readonly name: string;
    readonly value: number;
    readonly probability?: number;
    readonly curve: readonly number[];
    readonly prediction: { readonly index: number };
  }[];
}

let model: string;
beforeAll(async () => {
  model = await writeTinyModel("visualize");
});
const at = (name: string) => join(folder, `visualize-${name}`);
const args = (...more: string[]) => ["visualize", ...more, "--model", model];

describe("vitrine visualize", () => {
  test("writes each class's picture, which predict finds as probable as was said", async () => {
    const out = at("classes");
    const found = await json<Report>(
      args("--target", "2,0", "--steps", "3", "--seed", "4", "--out", `${out}/`),
    );
    expect(found).toMatchObject({ technique: "feature-visualization", settings: { steps: 3, seed: 4 } });
    expect(found.results.map(({ name }) => name)).toEqual(["class 2", "class 0"]);
    expect(readdirSync(out).sort()).toEqual(["class-0.png", "class-2.png"]);
    for (const { name, probability, curve } of found.results) {
      expect(curve.length).toBe(3);
      const { results } = await json<{
        results: { predictions: { index: number; probability: number }[] }[];
      }>(["predict", join(out, `${name.replace(" ", "-")}.png`), "--model", model]);
      const answer = results[0]?.predictions.find(({ index }) => `class ${index}` === name);
      expect(answer?.probability).toBeCloseTo(probability ?? -1, 6);
    }
  });

  test("draws a wall of all channels on a sheet, and prints a line for each", async () => {
    const out = at("wall.png");
    const { code, out: said } = await vitrine(
      args("--layer", "conv1", "--wall", "--steps", "2", "--out", out),
    );
    expect(code).toBe(0);
    expect(said.split("\n").filter((line) => line.startsWith("conv1 channel")).length).toBe(4);
    expect(said).toMatch(/^conv1 channel 0 · value [-\d.e]+ · seen as class \d \d+\.\d %$/m);
    expect((await readImage(out)).width).toBeGreaterThan(300);
  });

  test("can be followed step by step, and begins with a picture", async () => {
    const init = at("init.npy");
    const data = Float32Array.from({ length: 432 }, (_, i) => 0.5 + Math.sin(i) / 4);
    await writeNpy(init, { shape: [12, 12, 3], data });
    const out = at("x.npy");
    const steps = ["--transforms", "none", "--init", init, "--save-every", "2", "--out", out, "--steps", "5"];
    const { code } = await vitrine(args("--layer", "conv2", "--channel", "1,3", ...steps));
    expect(code).toBe(0);
    const last = await readNpy(out);
    expect(last.shape).toEqual([2, 12, 12, 3]);
    const saved = await Promise.all([2, 4, 5].map((step) => readNpy(at(`x-${step}.npy`))));
    expect(saved[2]?.data).toEqual(last.data);
    const off = (one: ArrayLike<number>) =>
      Math.sqrt(data.reduce((sum, value, i) => sum + ((one[i] ?? 0) - value) ** 2, 0) / 432);
    const [two = 0, five = 0] = [saved[0], saved[2]].map((one) => off(one?.data ?? []));
    expect(two).toBeGreaterThan(0);
    expect(five).toBeGreaterThan(two);
  });

  test("shoots a film", async () => {
    const out = at("film.gif");
    const { code } = await vitrine(args("--target", "1", "--steps", "6", "--every", "2", "--out", out));
    expect(code).toBe(0);
    const { default: sharp } = await import("sharp");
    expect(await sharp(out).metadata()).toMatchObject({ format: "gif", width: 12, height: 12, pages: 3 });
    expect(readFileSync(out).length).toBeGreaterThan(500);
  });

  test("accentuates a picture, and draws a caricature of it", async () => {
    const found = await json<Report>(args("accentuation", "synthetic:3", "--target", "1", "--steps", "2"));
    expect(found.results[0]?.name).toBe("class 1");
    const drawn = await json<Report>(args("caricature", "synthetic:3", "--layer", "conv2", "--steps", "2"));
    expect(drawn.results[0]?.name).toBe("caricature at conv2");
  });

  test("refuses to begin with a picture of another order of axes", async () => {
    const init = at("channels-first.npy");
    await writeNpy(init, { shape: [3, 12, 12], data: new Float32Array(432).fill(0.5) });
    const { code, err } = await vitrine(args("--target", "1", "--init", init));
    expect(code).toBe(1);
    expect(err).toMatch(/--init expects an array of 12×12×3, got 3×12×12/);
  });

  test.each<[string[], RegExp]>([
    [["feature-visualisation"], /did you mean feature-visualization\?/],
    [[], /expects --target CLASS,… or --layer NAME/],
    [["--target", "7"], /--target expects a class of 0 to 2, got 7/],
    [["--layer", "conv9"], /got "conv9"/],
    [["--layer", "conv2", "--channel", "5"], /expected a channel of 0 to 4 in layer "conv2"/],
    [["--target", "1", "--layer", "conv2"], /--target or --layer, got both/],
    [["--target", "1", "--crops", "2"], /feature-visualization takes no --crops/],
    [["maco", "--target", "1", "--init", "x.npy"], /maco takes no --init/],
    [["--target", "1", "--every", "2"], /--every expects --out FILE.gif, got none/],
    [["--target", "1", "--save-every", "2"], /--save-every expects --out FILE.npy, got none/],
    [["accentuation", "--target", "1"], /accentuation expects one IMAGE|expected|image/],
    [["maco", "synthetic:1", "--target", "1"], /maco takes no IMAGE, got "synthetic:1"/],
    [["caricature", "synthetic:1"], /caricature expects --layer, got none/],
    [["--target", "1", "--steps", "0"], /--steps expects a whole number of 1 to/],
  ])("refuses %j", async (more, message) => {
    const { code, err } = await vitrine(args(...more));
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

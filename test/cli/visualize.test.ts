import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
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
    readonly second?: readonly { readonly index: number }[];
    readonly naturals?: readonly { readonly name: string; readonly value: number }[];
    readonly facet?: { readonly count: number; readonly naturals: readonly { readonly name: string }[] };
    readonly naturalness?: { readonly layers: readonly { readonly layer: string }[] };
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
    const drawn = at("wall.svg");
    expect((await vitrine(args("--layer", "conv1", "--wall", "--steps", "1", "--out", drawn))).code).toBe(0);
    // A wall has numbers below its pictures, and no captions; in one step most of these show nothing.
    expect(readFileSync(drawn, "utf8")).toMatch(/Nothing to show for [\d, ]+\./);
    expect(readFileSync(drawn, "utf8")).not.toContain("conv1 channel");
  });

  test("shows beside each picture what natural pictures and a second network say of it", async () => {
    const data = at("data");
    await mkdir(data, { recursive: true });
    for (const [n, color] of ["red", "lime", "blue"].entries()) {
      await sharp({ create: { width: 12, height: 12, channels: 3, background: color } }).toFile(
        join(data, `${n}.png`),
      );
    }
    const second = await writeTinyModel("visualize-second", "tanh");
    const out = at("beside.svg");
    const asked = args("--layer", "conv2", "--channel", "1,3", "--steps", "2");
    const beside = ["--data", data, "--second", second];
    const { results } = await json<Report>([...asked, ...beside, "--out", out]);
    for (const { naturals = [], naturalness, second: seen = [] } of results) {
      expect(naturals.map(({ name }) => name).sort()).toEqual([0, 1, 2].map((n) => join(data, `${n}.png`)));
      const found = naturals.map(({ value }) => value);
      expect(found).toEqual(found.toSorted((a, b) => b - a));
      expect(naturalness?.layers.map(({ layer }) => layer)).toEqual(["conv1", "pool1", "conv2"]);
      expect(seen.length).toBe(3);
    }
    const drawn = readFileSync(out, "utf8");
    expect(drawn).toContain("naturalness");
    expect(drawn).toContain("second network");
    for (const name of ["0.png", "1.png", "2.png"]) expect(drawn.split(name).length).toBe(3);
    const { out: said } = await vitrine([...asked, ...beside]);
    expect(said).toMatch(
      /second network: class \d, p [\d.]+ · naturalness [-\d.]+ \(natural [-\d.]+\) · conv1 [-\d.]+/,
    );
    const { results: alone } = await json<Report>(asked);
    expect(alone[0]).not.toHaveProperty("naturalness");
  });

  test("makes a picture of each kind of natural pictures", async () => {
    const data = at("kinds");
    await mkdir(data, { recursive: true });
    const reddish = [true, true, false, false, false];
    for (const [n, red] of reddish.entries()) {
      const pixel = (i: number) => ((i % 3 === 0) === red ? 180 : 60) + 40 * Math.sin(2 * i) + n;
      const pixels = Uint8Array.from({ length: 432 }, (_, i) => pixel(i));
      const raw = { width: 12, height: 12, channels: 3 } as const;
      await sharp(pixels, { raw }).toFile(join(data, `${n}.png`));
    }
    const out = at("facets.svg");
    const asked = args("multifaceted", "--target", "1", "--data", data, "--clusters", "2", "--steps", "2");
    const { results } = await json<Report>([...asked, "--out", out]);
    expect(results.map(({ name }) => name)).toEqual(["class 1, facet 1", "class 1, facet 2"]);
    const kinds = results.map(({ facet }) => facet?.naturals.map(({ name }) => name).sort());
    const files = (...numbers: number[]) => numbers.map((n) => join(data, `${n}.png`));
    expect(kinds).toEqual([files(2, 3, 4), files(0, 1)]);
    expect(results.map(({ facet }) => facet?.count)).toEqual([3, 2]);
    expect(results[1]?.naturals?.map(({ name }) => name).sort()).toEqual(files(0, 1));
    const drawn = readFileSync(out, "utf8");
    expect(drawn).toContain("of 3 natural pictures");
    for (const name of [0, 1, 2, 3, 4]) expect(drawn.split(`${name}.png`).length).toBe(2);
  });

  test("draws by a generator: what excites most, and samples", async () => {
    const most = await json<Report>(args("gan-prior", "--target", "1", "--steps", "2"));
    expect(most.results.map(({ name }) => name)).toEqual(["class 1"]);
    const asked = ["--target", "1,2", "--samples", "2", "--steps", "2"];
    const drawn = await json<Report>(args("unit-samples", ...asked));
    expect(drawn.results.map(({ name }) => name)).toEqual([
      ...["class 1, sample 1", "class 1, sample 2", "class 2, sample 1", "class 2, sample 2"],
    ]);
    // The shipped generator by its name, and with black and white exchanged.
    const named = await json<Report>(
      args("unit-samples", ...asked, "--generator", "models/helpers/generator"),
    );
    expect(named.results).toEqual(drawn.results);
    const turned = await json<Report>(args("unit-samples", ...asked, "--gives", "1,0"));
    expect(turned.results[0]?.value).not.toBe(drawn.results[0]?.value);
  });

  test("keeps the spectrum of a file", async () => {
    const of = async (...values: number[]) => {
      const file = at(`spectrum-${values.join("-")}.npy`);
      const data = Float32Array.from({ length: 12 * 7 * 3 }, (_, i) => values[i % values.length] ?? 1);
      await writeNpy(file, { shape: [12, 7, 3], data });
      const found = await json<Report>(args("maco", "--target", "1", "--steps", "2", "--magnitude", file));
      return found.results[0]?.value;
    };
    const flat = await of(1);
    // Its unit is of no account, its form is.
    expect(await of(2)).toBeCloseTo(flat ?? 0, 4);
    expect(await of(1, 2, 5, 9)).not.toBeCloseTo(flat ?? 0, 3);
  });

  test("says that a picture is saturated", async () => {
    const { out } = await vitrine(args("--target", "1", "--steps", "3", "--rate", "1e30"));
    expect(out).toMatch(/Saturated: \d+ % of the picture is at 0 or 1/);
    const { out: usual } = await vitrine(args("--target", "1", "--steps", "3"));
    expect(usual).not.toContain("Saturated");
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
    [["caricature", "synthetic:1", "--layer", "conv2", "--data", "x"], /caricature takes no --data/],
    [["--target", "1", "--steps", "1", "--data", "nowhere.png"], /nowhere\.png/],
    [["--target", "1", "--generator", "x"], /feature-visualization takes no --generator/],
    [["--target", "1", "--gives", "0,1"], /feature-visualization takes no --gives/],
    [["gan-prior", "--target", "1", "--gives", "1,1"], /gan-prior expects --gives BLACK,WHITE/],
    [["--target", "1", "--magnitude", "x.npy"], /feature-visualization takes no --magnitude/],
    [["multifaceted", "--target", "1"], /multifaceted expects --data FOLDER/],
    [["--target", "1", "--clusters", "2"], /feature-visualization takes no --clusters/],
    [["--target", "1", "--steps", "0"], /--steps expects a whole number of 1 to/],
  ])("refuses %j", async (more, message) => {
    const { code, err } = await vitrine(args(...more));
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

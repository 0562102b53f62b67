import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writePng } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writePlacesModel } from "./run.ts";

// A network of 8×12 pixels that halves its input, and scores three classes at every pixel.

const at = (name: string) => join(folder, name);
const [H, W] = [8, 12];
let model: string;

beforeAll(async () => {
  model = await writePlacesModel("places", [H, W]);
  await writeFile(at("place-names.json"), '["road", "tree", "sky"]');
  await writeNpy(at("place.npy"), {
    shape: [H, W, 3],
    data: Float32Array.from({ length: H * W * 3 }, (_, i) => Math.sin(i / 3) / 2 + 0.5),
  });
  const data = new Uint8Array(H * W * 3).fill(255, 3 * 5 * W);
  await writePng(at("mask.png"), { width: W, height: H, data });
});

const ofModel = () => ["--image", at("place.npy"), "--model", model, "--labels", at("place-names.json")];

test("predict writes the class of each place as a picture, with its share, and the scores", async () => {
  const found = await json<{ results: { predictions: { label: string; share: number }[] }[] }>([
    ...["predict", ...ofModel(), "--out", at("classes.svg")],
  ]);
  const svg = await readFile(at("classes.svg"), "utf8");
  const present = found.results[0]?.predictions.filter(({ share }) => share > 0) ?? [];
  expect(present.length).toBeGreaterThan(1);
  for (const { label, share } of present) {
    expect(svg).toContain(`>${label}<`);
    expect(svg).toContain(`>${(100 * share).toFixed(1)} %<`);
  }
  await vitrine(["predict", ...ofModel(), "--out", at("scores.npy")]);
  const { shape, data } = await readNpy(at("scores.npy"));
  expect(shape).toEqual([H, W, 3]);
  const wins = [0, 0, 0];
  for (let place = 0; place < H * W; place++) {
    const own = [...data.subarray(3 * place, 3 * place + 3)].map(Number);
    const best = own.indexOf(Math.max(...own));
    wins[best] = (wins[best] ?? 0) + 1;
  }
  for (const { label, share } of present) {
    const index = ["road", "tree", "sky"].indexOf(label);
    expect(wins[index]).toBe(Math.round(share * H * W));
  }
});

test("explain asks about a pixel, or about a mask, and says so", async () => {
  const here = await json<{ target: { label: string } }>([
    "explain",
    "saliency",
    ...ofModel(),
    "--at",
    "3,4",
  ]);
  expect(["road", "tree", "sky"]).toContain(here.target.label);
  const { out } = await vitrine(["explain", "saliency", ...ofModel(), "--target", "tree", "--at", "3,4"]);
  expect(out).toMatch(/tree \(1\), its score at 3,4/);
  const over = await vitrine([
    "explain",
    "grad-cam",
    ...ofModel(),
    "--target",
    "sky",
    "--region",
    at("mask.png"),
  ]);
  expect(over.out).toMatch(/sky \(2\), its score over mask\.png/);
  // The lower three rows are asked: what lies above what they see has no say.
  await vitrine([
    ...["explain", "saliency", ...ofModel(), "--target", "sky", "--region", at("mask.png")],
    ...["--out", at("below.npy")],
  ]);
  const { data } = await readNpy(at("below.npy"));
  const rows = Array.from({ length: H }, (_, y) =>
    data
      .subarray(y * W * 3, (y + 1) * W * 3)
      .reduce((sum, value) => Number(sum) + Math.abs(Number(value)), 0),
  );
  expect(rows[0]).toBe(0);
  expect(rows[H - 1]).toBeGreaterThan(0);
});

test("a CAM is asked about a pixel too, with the maps that it weighs beside it", async () => {
  const asked = ["explain", "grad-cam", ...ofModel(), "--target", "tree", "--at", "3,4"];
  const { out } = await vitrine(asked);
  expect(out).toMatch(/tree \(1\), its score at 3,4/);
  await vitrine([...asked, "--layer", "conv", "--out", at("cam.npy")]);
  const { shape, data } = await readNpy(at("cam.npy"));
  expect(shape).toEqual([4, 6]);
  const whole = ["explain", "grad-cam", ...ofModel(), "--target", "tree", "--layer", "conv"];
  await vitrine([...whole, "--out", at("whole.npy")]);
  expect(data).not.toEqual((await readNpy(at("whole.npy"))).data);
});

test("explain --all asks every technique about the pixel", async () => {
  const args = ["explain", "--all", ...ofModel(), "--at", "3,4", "--samples", "8", "--measures", "none"];
  const { results } = await json<{
    results: { technique: string; refused?: string; target: { label: string } }[];
  }>([...args, ...["--steps", "3", "--out", at("all.png")]]);
  expect(existsSync(at("all.png"))).toBe(true);
  expect(new Set(results.map(({ target }) => target.label)).size).toBe(1);
  expect(results.filter(({ refused }) => refused !== undefined).map(({ technique }) => technique)).toEqual([
    "cam",
  ]);
});

test("decoder draws one map a resolution", async () => {
  const { steps } = await json<{ steps: { layer: string; shape: number[] }[] }>([
    ...["decoder", ...ofModel(), "--target", "road", "--out", at("decoder.png")],
  ]);
  expect(steps.map(({ layer, shape }) => [layer, shape])).toEqual([
    ["conv", [4, 6]],
    ["scores", [8, 12]],
  ]);
  expect(existsSync(at("decoder.png"))).toBe(true);
});

test.each([
  [["--at", "9,0"], /a row y of 0 to 7/],
  [["--at", "3"], /a row and a column Y,X, got "3"/],
  [["--at", "1,1", "--region", "mask.png"], /--at or --region, got both/],
  [["--region", "nowhere.png"], /nowhere\.png/],
])("%j is refused", async (options, message) => {
  const { code, err } = await vitrine(["explain", "saliency", ...ofModel(), ...options]);
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
});

test("a network of one answer a picture has no places to ask about", async () => {
  const { err } = await vitrine(["explain", "saliency", "--image", "synthetic:3", "--at", "3,4"]);
  expect(err).toMatch(/--at expects --layer beside it/);
});

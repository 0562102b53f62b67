import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { random } from "../graph/graphs.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "lab", name);

let model: string;
let fit: string[];
beforeAll(async () => {
  model = await writeTinyModel("lab/tiny");
  const next = random(5);
  for (let i = 0; i < 6; i++) {
    const data = Uint8Array.from({ length: 12 * 12 * 3 }, () => Math.round((next() + 1) * 127));
    await mkdir(at(`pictures/${i % 3}`), { recursive: true });
    await writePng(at(`pictures/${i % 3}/${i}.png`), { width: 12, height: 12, data });
  }
  fit = ["--data", at("pictures"), "--model", model];
});

describe("equivariance", () => {
  test("prints a table for each transform, and draws it", async () => {
    const { code, out } = await vitrine([
      "equivariance",
      ...fit,
      "--transform",
      "identity,flip",
      "--out",
      at("eq.png"),
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/fitted to 3 pictures, judged on 3/);
    expect(out).toMatch(/^identity: 100.0 % of the pictures keep their answer/m);
    expect(out).toMatch(/^ {2}conv1 +\S+ +0.000 +\S+ % +100.0 %/m);
    expect((await readImage(at("eq.png"))).width).toBeGreaterThan(600);
  });

  test("gives the numbers as JSON, with the filters, the seed and the size that were asked", async () => {
    const options = [
      "--layers",
      "conv2",
      "--transform",
      "rescale",
      "--enlarge",
      "2",
      "--filter",
      "3",
      "--train",
      "4",
      "--test",
      "2",
      "--seed",
      "3",
    ];
    const report = await json<{
      train: number;
      layers: { layer: string; transform: string; error: number }[];
    }>([...["equivariance", ...fit, ...options]]);
    expect(report.train).toBe(4);
    expect(report.layers).toHaveLength(1);
    expect(report.layers[0]).toMatchObject({
      layer: "conv2",
      transform: "rescale",
      error: expect.any(Number),
    });
  });
});

test("stitch puts a network behind itself, and behind another", async () => {
  const { code, out } = await vitrine([
    "stitch",
    ...fit,
    "--layer",
    "conv1,conv2",
    "--out",
    at("stitch.svg"),
  ]);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}conv1 +\S+ +100.0 %/m);
  const report = await json<{ pairs: { into: string; weights: number[]; layer: string }[] }>([
    ...["stitch", ...fit, "--layer", "conv1", "--second", model, "--into", "conv2"],
  ]);
  expect(report.pairs[0]).toMatchObject({ layer: "conv1", into: "conv2" });
  expect(report.pairs[0]?.weights).toHaveLength(20);
});

test("position asks the input and the layers", async () => {
  const { code, out } = await vitrine(["position", ...fit, "--out", at("position.png")]);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}conv2 +6×6 +5 /m);
  const { layers } = await json<{ layers: { r2: { y: number } }[] }>([
    "position",
    ...fit,
    "--layers",
    "conv1",
  ]);
  expect(layers).toHaveLength(1);
});

test("correspond draws what matches, and a picture matches itself", async () => {
  const [a, b] = [at("pictures/0/0.png"), at("pictures/1/1.png")];
  const same = await vitrine([
    "correspond",
    a,
    a,
    "--model",
    model,
    "--layer",
    "conv1",
    "--points",
    "3,4;7,2",
    "--metric",
    "euclidean",
    "--out",
    at("m.png"),
  ]);
  expect(same.code).toBe(0);
  expect(same.out).toMatch(/2 of 2 matches are mutual/);
  expect(same.out).toMatch(/^ {2}1 +3,4 +3,4 +0.000 +mutual$/m);
  const { matches } = await json<{ matches: unknown[] }>([
    "correspond",
    a,
    b,
    "--model",
    model,
    "--layer",
    "conv2",
    "--grid",
    "2",
  ]);
  expect(matches).toHaveLength(4);
});

test.each([
  [["equivariance"], /equivariance expects --data FOLDER, got none/],
  [["equivariance", "--data", "DATA", "--transform", "spin"], /--transform expects flip, .*, got "spin"/],
  [["equivariance", "--data", "DATA", "--filter", "4"], /--filter expects a whole number of 1 to 3/],
  [["equivariance", "--data", "DATA", "--layers", "gap"], /a layer with places/],
  [["equivariance", "--data", "DATA", "--lambda", "-1"], /--lambda expects a number above 0/],
  [["equivariance", "--data", "DATA", "--train", "90"], /at most the 6 pictures/],
  [["position", "--data", "ONE"], /at least two pictures/],
  [["stitch", "--data", "DATA"], /stitch expects --layer NAME/],
  [
    ["stitch", "--data", "DATA", "--layer", "conv1", "--into", "conv1,conv2"],
    /--into expects as many layers as --layer has, 1, got 2/,
  ],
  [["correspond", "ONE", "--layer", "conv1"], /correspond expects two IMAGEs, got 1/],
  [["correspond", "ONE", "ONE", "--layer", "conv1", "--points", "3"], /--points expects Y,X/],
  [["correspond", "ONE", "ONE", "--layer", "conv1", "--points", "3,40"], /0,0 to 11,11 in "conv1", got 3,40/],
])("%j is refused", async (line, message) => {
  const words = line.map((word) =>
    word === "DATA" ? at("pictures") : word === "ONE" ? at("pictures/0/0.png") : word,
  );
  const { code, err } = await vitrine([...words, "--model", model]);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

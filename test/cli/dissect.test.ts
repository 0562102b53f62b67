import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { random } from "../graph/graphs.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "dissect", name);

interface Report {
  pictures: number;
  concepts: { name: string }[];
  layers: { layer: string; units: { ious: number[] }[] }[];
}

let given: string[];
beforeAll(async () => {
  const model = await writeTinyModel("dissect/tiny");
  const next = random(5);
  const grey = (size: number, of: (i: number) => number) => ({
    width: size,
    height: size,
    data: Uint8Array.from({ length: size * size * 3 }, (_, i) => of(Math.floor(i / 3))),
  });
  await mkdir(at("pictures"), { recursive: true });
  for (const name of ["a", "b", "c"]) {
    await writePng(
      at(`pictures/${name}.png`),
      grey(12, () => Math.round(127 * (1 + next()))),
    );
    if (name === "c") continue;
    await mkdir(at(`masks/${name}`), { recursive: true });
    await writePng(
      at(`masks/${name}/corner.png`),
      grey(24, (i) => (i % 24 < 6 && i < 96 ? 255 : 0)),
    );
    await mkdir(at(`odd/${name}`), { recursive: true });
    await writePng(
      at(`odd/${name}/one.png`),
      grey(24, () => 255),
    );
    await writePng(
      at(`odd/${name}/two.png`),
      grey(12, () => 255),
    );
  }
  await mkdir(at("none"), { recursive: true });
  given = ["dissect", "--data", at("pictures"), "--model", model];
});

test("reads masks from a folder, draws and keeps what it found", async () => {
  const { code, out } = await vitrine([...given, "--masks", at("masks"), "--out", at("out")]);
  expect(code).toBe(0);
  expect(out).toMatch(/3 pictures, 1 concepts/);
  expect(out).toMatch(/^conv1: \d of 4 units detect one of [01] concepts \(IoU above 0.04\)$/m);
  expect((await readImage(at("out/detectors.png"))).width).toBeGreaterThan(300);
  const kept = JSON.parse((await readFile(at("out/dissection.json"))).toString()) as Report;
  const told = await json<Report>([...given, "--masks", at("masks")]);
  expect(kept.layers).toEqual(told.layers);
  expect(told.layers.map(({ layer, units }) => [layer, units.length])).toEqual([
    ["conv1", 4],
    ["pool1", 4],
    ["conv2", 5],
  ]);
});

test.each([
  [[], /--masks DIR for pictures other than synthetic:N/],
  [["--masks", "odd"], /masks of one size for "a.png", got 24×24 and 12×12/],
  [["--masks", "nowhere"], /--masks expects a folder/],
  [["--masks", "none"], /masks of concepts, got none/],
])("%j is refused", async (words, message) => {
  const { code, err } = await vitrine([
    ...given,
    ...words.map((word) => (word.startsWith("--") ? word : at(word))),
  ]);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

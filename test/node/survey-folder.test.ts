import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LayerReport, PictureAnswer, SurveyReport } from "../../src/dataset/survey/report.ts";
import { mergeSurveyFolders } from "../../src/node/merge-survey-folders.ts";
import { readNpy } from "../../src/node/npy.ts";
import { decodeSurvey, encodeSurvey } from "../../src/node/survey-arrays.ts";
import { pictureRows, readSurvey, SurveyFolder, surveysIn } from "../../src/node/survey-folder.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-survey-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const LAYER: LayerReport = {
  ...{ layer: "block/conv", shape: [2, 3, 2] },
  statistics: {
    count: 12,
    mean: [1 / 3, 2e-9],
    m2: [0.1, 1e300],
    min: [-0.5, 0],
    max: [2 ** -40, 7],
    zeros: [3, 12],
  },
  top: { k: 2, perImage: true, channels: [[{ value: 0.3, image: 2 ** 33, y: 1, x: 2 }], []] },
  histogram: {
    ranges: [
      [0, 1],
      [-1, 2],
    ],
    counts: [
      [1, 2],
      [3, 4],
    ],
    below: [0, 5],
    above: [6, 0],
  },
  comoments: {
    statistics: { count: 12, mean: [1, 2], m2: [3, 4], min: [0, 0], max: [1, 1], zeros: [0, 0] },
    comoments: [3, 0.1, 0.1, 4],
  },
  labels: [{ label: "cat, “big”", pictures: 3, means: [0.1, 0.7] }],
};

const REPORT: SurveyReport = {
  ...{ model: "m", modelDigest: "aa", data: "d", dataDigest: "bb" },
  settings: {
    layers: ["block/conv"],
    features: ["block/conv"],
    top: 2,
    bins: 2,
    correlation: true,
    output: "o",
  },
  ...{ shard: { i: 0, n: 1 }, pictures: 3, complete: true, layers: [LAYER] },
  broken: [{ index: 1, id: "b.jpg", why: "no picture" }],
  answers: {
    pictures: 3,
    right: 1,
    inTopFive: 2,
    labels: [
      {
        label: "cat",
        index: 0,
        given: [
          [0, 1],
          [2, 2],
        ],
        inTopFive: 2,
      },
    ],
  },
};

const picture = (index: number): PictureAnswer => ({
  ...{ index, id: `a ${index}, "x"\n.jpg`, label: "cat" },
  given: { index: 2, label: "dog", probability: 0.5 },
  rank: 3,
  features: [new Float32Array([index, -index])],
});

const part = (i: number, n: number, pictures: number): SurveyReport => {
  const { comoments: _, ...layer } = LAYER;
  return { ...REPORT, shard: { i, n }, pictures, layers: [layer] };
};

describe("a survey's file", () => {
  test("gives back what was put in, to the bit", () => {
    const file = { report: REPORT, rows: { bytes: 10, pictures: 3 } };
    expect(decodeSurvey(encodeSurvey(file), "s")).toEqual(file);
  });

  test.each([
    [new Uint8Array(8), /survey "s": expected a survey as "vitrine survey" writes it/],
    [encodeSurvey({ report: REPORT, rows: { bytes: 0, pictures: 0 } }).slice(0, 500), /expected a survey/],
  ])("refuses damage", (bytes, message) => {
    expect(() => decodeSurvey(bytes, "s")).toThrow(message);
  });
});

describe("a survey's folder", () => {
  test("keeps a line and a row of features for each picture, and goes on after them", async () => {
    const path = join(root, "kept");
    const first = await SurveyFolder.open(path, ["block/conv"]);
    expect(first.found).toBeUndefined();
    for (const index of [0, 1, 2]) first.add(picture(index));
    await first.write({ ...REPORT, complete: false });
    first.add(picture(3));
    await first.flush();
    // What came after the last report is as if it had not been: a run that broke off left half a line as well.
    await appendFile(join(path, "pictures.csv"), "4,half");
    const second = await SurveyFolder.open(path, ["block/conv"]);
    expect(second.found).toEqual({ ...REPORT, complete: false });
    for (const index of [7, 8]) second.add(picture(index));
    await second.write(REPORT);
    const lines = (await readFile(join(path, "pictures.csv"), "utf8")).trimEnd().split("\n");
    expect(lines[0]).toBe("index,id,label,answer,answer_label,probability,rank");
    expect(lines[1]).toBe('0,"a 0, ""x"" .jpg",cat,2,dog,0.5,3');
    expect(lines.slice(1).map((line) => Number.parseInt(line, 10))).toEqual([0, 1, 2, 7, 8]);
    const features = await readNpy(join(path, "features-block_conv.npy"));
    expect(features.shape).toEqual([5, 2]);
    expect([...features.data]).toEqual([0, -0, 1, -1, 2, -2, 7, -7, 8, -8]);
  });

  test("says that its disk would not take it", async () => {
    const path = join(root, "full");
    const folder = await SurveyFolder.open(path, ["block/conv"]);
    folder.add(picture(0));
    await folder.write({ ...REPORT, complete: false });
    await rm(path, { recursive: true });
    await writeFile(path, "no folder");
    folder.add(picture(1));
    await expect(folder.write(REPORT)).rejects.toThrow(/expected to (write|make) it/);
  });

  test("merges parts, with the pictures in their order", async () => {
    const parts = join(root, "parts");
    for (const i of [1, 0]) {
      const folder = await SurveyFolder.open(join(parts, `part-${i}-of-2`), ["block/conv"]);
      for (const index of i === 0 ? [0, 2, 4] : [1, 3]) folder.add(picture(index));
      await folder.write(part(i, 2, i === 0 ? 3 : 2));
    }
    const found = await surveysIn(parts);
    expect(found.map((path) => path.slice(-11))).toEqual(["part-0-of-2", "part-1-of-2"]);
    const out = join(root, "merged");
    const merged = await mergeSurveyFolders(found, out);
    expect(merged).toMatchObject({ pictures: 5, shard: { i: 0, n: 1 }, complete: true });
    expect(merged.answers).toMatchObject({ pictures: 6, right: 2 });
    expect(await readSurvey(out)).toEqual(merged);
    const rows: [number, number[]][] = [];
    for await (const { index, features } of pictureRows(out)) rows.push([index, [...(features[0] ?? [])]]);
    expect(rows).toEqual([0, 1, 2, 3, 4].map((index) => [index, [index, -index]]));
    await expect(mergeSurveyFolders(found, out)).rejects.toThrow(
      "expected a folder without a survey, got one",
    );
    await expect(mergeSurveyFolders(found.slice(1), join(root, "half"))).rejects.toThrow("got none of 0");
    await expect(surveysIn(join(root, "nothing"))).rejects.toThrow("expected a folder");
    await mkdir(join(root, "empty"));
    await expect(surveysIn(join(root, "empty"))).rejects.toThrow(
      "expected a survey, or surveys within, found none",
    );
  });
});

import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readSurvey } from "../../src/node/survey-folder.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "survey", name);
let tiny: string;

beforeAll(async () => {
  tiny = await writeTinyModel("survey-tiny");
  expect(
    (await vitrine(["dataset", "--count", "12", "--size", "12", "--out", at("pictures/some")])).code,
  ).toBe(0);
  await writeFile(at("pictures/some/000099-broken.png"), "no picture");
});

const args = (...more: string[]) => [
  "survey",
  "--data",
  at("pictures"),
  "--model",
  tiny,
  "--layers",
  "pool1",
  ...more,
];

describe("survey", () => {
  test("keeps what a folder's pictures do to every channel, names the broken, and goes on with nothing", async () => {
    const first = await vitrine(args("--out", at("whole")));
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/12 pictures, 1 passed over/);
    expect(first.err).toMatch(/passed over: .*000099-broken\.png/);
    const report = await readSurvey(at("whole"));
    expect(report).toMatchObject({ pictures: 12, complete: true });
    expect(
      report.layers.map(({ layer, labels }) => [layer, labels.map(({ label }) => label)]),
    ).toContainEqual(["pool1", ["some"]]);
    const lines = (await readFile(at("whole/pictures.csv"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    expect(lines[1]).toMatch(/^0,some\/000000-ball\.png,some,/);
    const again = await vitrine(args("--out", at("whole")));
    expect(again.err).toMatch(/holds the whole survey/);
    expect(await readSurvey(at("whole"))).toEqual(report);
  });

  test("of parts, merged, is that of the whole", async () => {
    for (const part of ["2/3", "0/3", "1/3"]) {
      expect((await vitrine(args("--shard", part, "--out", at("parts")))).code).toBe(0);
    }
    const summary = await json<{ pictures: number; parts: number }>(["merge", at("parts")]);
    expect(summary).toMatchObject({ pictures: 12, parts: 3 });
    const [merged, whole] = [await readSurvey(at("parts")), await readSurvey(at("whole"))];
    expect(merged.layers[0]?.histogram).toEqual(whole.layers[0]?.histogram);
    expect(merged.layers[0]?.top).toEqual(whole.layers[0]?.top);
    for (const file of ["pictures.csv"]) {
      expect(await readFile(at(`parts/${file}`), "utf8")).toBe(await readFile(at(`whole/${file}`), "utf8"));
    }
    const features = whole.settings.features.map((layer) => `features-${layer}.npy`);
    for (const file of features)
      expect(await readFile(at(`parts/${file}`))).toEqual(await readFile(at(`whole/${file}`)));
  });

  test("refuses to go on with another survey", async () => {
    const found = await vitrine(args("--top", "3", "--out", at("whole")));
    expect(found.code).toBe(1);
    expect(found.err).toMatch(
      /expected the same top, 3, got 9; .*whole holds another survey: choose another --out/,
    );
  });

  test.each([
    [["survey", "--out", "x"], /survey expects --data FOLDER, got none/],
    [["survey", "--data", "synthetic:3"], /survey expects --out DIR, got none/],
    [["merge"], /merge expects the folders of a survey's parts/],
    [["merge", "no-such-folder"], /expected a folder/],
  ])("%j is refused", async (line, message) => {
    const { code, err } = await vitrine(line);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  test("stops at a broken picture where it is strict", async () => {
    const { code, err } = await vitrine(args("--strict", "--out", at("strict")));
    expect(code).toBe(1);
    expect(err).toMatch(/000099-broken\.png/);
  });
});

const parallel = spawnSync("parallel", ["--version"], { encoding: "utf8" });
const hasParallel = parallel.status === 0 && parallel.stdout.startsWith("GNU parallel");

describe.skipIf(!hasParallel)("GNU parallel", () => {
  test("runs the parts, each by its number", async () => {
    const command = [process.execPath, "build/run.mjs", "test/cli/watched.ts", ...args()];
    const line = [...command, "--shards", "3", "--out", at("parallel")].map((word) => `'${word}'`).join(" ");
    const ran = spawnSync("parallel", ["--jobs", "2", `${line} #`, ":::", "a", "b", "c"], {
      encoding: "utf8",
    });
    expect(ran.stderr).toMatch(/part 2\/3, as PARALLEL_SEQ says/);
    expect(ran.status).toBe(0);
    expect((await vitrine(["merge", at("parallel")])).code).toBe(0);
    const [merged, whole] = [await readSurvey(at("parallel")), await readSurvey(at("whole"))];
    expect(merged.layers[0]?.histogram).toEqual(whole.layers[0]?.histogram);
    expect(merged.layers[0]?.top).toEqual(whole.layers[0]?.top);
  });
});

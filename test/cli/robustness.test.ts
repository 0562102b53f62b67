import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CorruptionError } from "../../src/lab/corruption-error.ts";
import type { ErrorCurves } from "../../src/lab/error-curves.ts";
import { readImage } from "../../src/node/image.ts";
import { readSurvey } from "../../src/node/survey-folder.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

interface Found {
  readonly curves: ErrorCurves;
  readonly error: CorruptionError;
}

const at = (name: string) => join(folder, "robustness", name);
let tiny: string;

beforeAll(async () => {
  tiny = await writeTinyModel("robustness-tiny");
  for (const label of ["0", "1"]) {
    const out = at(`pictures/${label}`);
    const some = ["dataset", "--index", label, "--count", "3", "--size", "12", "--out", out];
    expect((await vitrine(some)).code).toBe(0);
  }
  await writeFile(at("pictures/1/broken.png"), "no picture");
});

const args = (...more: string[]) => [
  ...["robustness", "--data", at("pictures"), "--model", tiny, "--kinds", "fog,contrast"],
  ...["--constants", "cifar", "--severities", "1,5", ...more],
];

test("robustness prints a table, and writes curves and a figure", async () => {
  const { code, out, err } = await vitrine(args("--out", at("curves")));
  expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
  expect(out).toMatch(/: 6 pictures, 1 passed over; error on them as they are \d+\.\d %/);
  expect(out).toMatch(/^fog +\d+\.\d % +\d+\.\d % +\d+\.\d %$/m);
  expect(out).toMatch(/^mean of kinds /m);
  expect(err).toMatch(/passed over: .*broken\.png/);
  expect(err).toMatch(/There is no CE, only mean errors: AlexNet's errors are of ImageNet's 1000 classes/);
  expect(err).toMatch(/fog: the random plane/);
  const { curves } = JSON.parse(await readFile(at("curves/curves.json"), "utf8")) as Found;
  expect(curves).toMatchObject({ pictures: 6, broken: 1, severities: [1, 5], set: "cifar" });
  expect((await readImage(at("curves/curves.png"))).width).toBeGreaterThan(400);
});

test("robustness divides by another network's curves", async () => {
  const { error } = await json<Found>(args("--against", at("curves/curves.json")));
  for (const { ce, mean } of error.kinds) expect(ce ?? (mean === 0 ? 100 : 0)).toBeCloseTo(100, 9);
  expect(error.mce).toBeUndefined();
});

test("survey --corrupt surveys corrupted pictures, as another data set", async () => {
  const line = ["survey", "--data", at("pictures"), "--model", tiny, "--layers", "pool1"];
  expect((await vitrine([...line, "--out", at("plain")])).code).toBe(0);
  const dark = [...line, "--corrupt", "contrast:5", "--out", at("contrast")];
  expect((await vitrine(dark)).code).toBe(0);
  const [plain, contrast] = [await readSurvey(at("plain")), await readSurvey(at("contrast"))];
  expect(contrast.data).toMatch(/, contrast 5$/);
  expect(contrast.dataDigest).not.toBe(plain.dataDigest);
  const spread = ({ layers }: typeof plain) => layers[0]?.statistics.m2.reduce((a, b) => a + b, 0) ?? 0;
  expect(spread(contrast)).toBeLessThan(0.1 * spread(plain));
  const { code, err } = await vitrine([...line, "--corrupt", "fog:1", "--out", at("contrast")]);
  expect(code).toBe(1);
  expect(err).toMatch(/same data set/);
});

test.each([
  [["--kinds", "fogg"], /--kinds expects kinds of .*did you mean fog\?/],
  [["--severities", "6"], /--severities expects severities of 1 to 5, got "6"/],
  [["--against", "pictures/1/broken.png"], /--against expects the curves\.json/],
])("robustness refuses %j", async ([option = "", value = ""], message) => {
  const given = option === "--against" ? at(value) : value;
  const { code, err } = await vitrine(["robustness", "--data", at("pictures"), option, given]);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

test.each([
  [["robustness"], /robustness expects --data FOLDER, got none/],
  [["robustness", "photos"], /robustness expects its data set by --data, got "photos"/],
  [
    ["survey", "--data", "x", "--out", "y", "--corrupt", "fog"],
    /--corrupt expects KIND:SEVERITY, such as fog:3/,
  ],
  [["survey", "--data", "x", "--out", "y", "--constants", "cifar"], /--constants only with --corrupt/],
])("%j is refused", async (line, message) => {
  const { code, err } = await vitrine(line);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

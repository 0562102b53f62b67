import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, vitrine } from "./run.ts";

const at = (name: string) => join(folder, "importance", name);
const DATA = ["importance", "--data", "synthetic:4", "--layer", "conv1"];

beforeAll(async () => {
  await mkdir(at("."), { recursive: true });
  await vitrine(["survey", "--data", "synthetic:4", "--layers", "conv1", "--bins", "0", "--out", at("bare")]);
});

describe("vitrine importance", () => {
  test("prints every number as JSON, and the curves of three orders", async () => {
    const { out, code } = await vitrine([...DATA, "--criteria", "l1,car", "--prune", "1", "--json"]);
    expect(code).toBe(0);
    const { channels, l1, car, taylor, curves, weightsOf } = JSON.parse(out);
    expect([channels, l1.length, car.length, taylor, weightsOf]).toEqual([24, 24, 24, undefined, "conv1"]);
    expect(Object.keys(curves)).toEqual(["greedy", "by l1", "random"]);
    expect(curves["by l1"].removed).toEqual([l1.indexOf(Math.min(...l1))]);
  });

  test.each([
    [["importance", "--data", "synthetic:2"], /expects --layer/],
    [["importance", "--layer", "conv1"], /expects --data/],
    [[...DATA, "--criteria", "l2"], /--criteria expects l1, taylor, car, got "l2"/],
    [[...DATA, "--abs", "none"], /--abs expects example, element, end, got "none"/],
    [[...DATA, "--criteria", "l1", "--prune", "25"], /--prune expects 1 to 24 channels, got 25/],
    [["redundancy"], /expects one folder of a survey, got none/],
    [["redundancy", at("nothing")], /survey/],
    [["redundancy", at("bare"), "--layer", "conv9"], /a layer of the survey \(conv1.*\), got "conv9"/],
    [["redundancy", at("bare"), "--out", at("wall.png")], /expected histograms in the survey/],
    [["redundancy", at("bare"), "--twins", "2"], /threshold of 0 up to 1, got 2/],
  ])("%j is refused", async (args, words) => {
    const { code, err } = await vitrine(args);
    expect(code).not.toBe(0);
    expect(err).toMatch(words);
  });

  test("redundancy says what the survey did not keep", async () => {
    const { out, err } = await vitrine(["redundancy", at("bare"), "--layer", "conv1"]);
    expect(out).toMatch(/^conv1: 24 channels, \d+ dead, \d+ constant$/m);
    expect(err).toMatch(/kept no correlations; vitrine survey --correlation does/);
  });
});

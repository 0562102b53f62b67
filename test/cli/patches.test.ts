import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, vitrine } from "./run.ts";

const at = (name: string) => join(folder, "patches", name);
const DATA = ["--data", "synthetic:6", "--layer", "conv2_2"];

beforeAll(async () => {
  await mkdir(at("."), { recursive: true });
});

describe("vitrine patches", () => {
  test("writes every patch, and tells the same of each whether a survey was made before or not", async () => {
    const made = await vitrine(["patches", ...DATA, "--channel", "3,0", "--top", "2", "--out", at("files")]);
    expect([made.code, made.err.includes("expected")]).toEqual([0, false]);
    expect((await readdir(at("files"))).sort()).toEqual([
      ...["conv2_2-0-1.png", "conv2_2-0-2.png", "conv2_2-3-1.png", "conv2_2-3-2.png", "patches.json"],
    ]);
    await vitrine(["survey", "--data", "synthetic:6", "--layers", "conv2_2", "--out", at("survey")]);
    const { out } = await vitrine([
      ...["patches", ...DATA, "--channel", "3,0", "--top", "2", "--survey", at("survey"), "--json"],
    ]);
    const told = JSON.parse(out);
    expect(told.units).toEqual(JSON.parse(await readFile(join(at("files"), "patches.json"), "utf8")).units);
    expect(told.units.map(({ channel }: { channel: number }) => channel)).toEqual([3, 0]);
    expect(told.units[0].patches[0]).toMatchObject({ y: expect.any(Number), label: expect.any(String) });
  });

  test("by relevance gives shares, strongest first", async () => {
    const { out } = await vitrine(["patches", ...DATA, "--channel", "3", "--by", "relevance", "--json"]);
    const values = JSON.parse(out).units[0].patches.map(({ value }: { value: number }) => value);
    expect(values).toEqual(values.toSorted((a: number, b: number) => b - a));
    for (const value of values) expect(value > 0 && value <= 1).toBe(true);
  });

  test.each([
    [["patches", "--data", "synthetic:2"], /expects --layer, got none/],
    [["patches", "--layer", "conv1"], /expects --data/],
    [["patches", ...DATA, "--by", "size"], /--by expects activation or relevance, got "size"/],
    [["patches", ...DATA, "--target", "label"], /--target belongs to --by relevance/],
    [["patches", ...DATA, "--out", "a.gif"], /ends in .png or .svg, or a folder/],
    [["patches", ...DATA, "--channel", "48"], /channels of 0 to 47 of "conv2_2", got 48/],
    [
      ["patches", ...DATA, "--channel", "48", "--by", "relevance"],
      /channels of 0 to 47 of "conv2_2", got 48/,
    ],
    [["patches", ...DATA, "--by", "relevance", "--target", "cat"], /expected a class .*got "cat"/],
  ])("%j is refused", async (args, words) => {
    const { code, err } = await vitrine(args);
    expect(code).not.toBe(0);
    expect(err).toMatch(words);
  });
});

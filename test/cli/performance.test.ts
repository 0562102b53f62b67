import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { random } from "../graph/graphs.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "performance", name);
const COUNT = 12;

interface Report {
  pictures: number;
  right: number;
  attributes: {
    attribute: string;
    without: number;
    bins: { name: string; pictures: number; right: number }[];
  }[];
  human?: { kappa: number; table: Record<string, number> };
  notes: string[];
}

let given: string[];
beforeAll(async () => {
  const model = await writeTinyModel("performance/tiny");
  const next = random(5);
  const rows: string[] = [];
  for (let i = 0; i < COUNT; i++) {
    const data = Uint8Array.from({ length: 12 * 12 * 3 }, () => Math.round((next() + 1) * 10 * (i + 1)));
    await mkdir(at(`pictures/${i % 3}`), { recursive: true });
    await writePng(at(`pictures/${i % 3}/${i}.png`), { width: 12, height: 12, data });
    rows.push(`${i}.png,${i},${i < 4 ? "day" : "night"}`);
  }
  await writeFile(at("table.csv"), `file,age,time\n${rows.join("\n")}\n`);
  await writeFile(at("human.csv"), `file,label\n${rows.map((_, i) => `${i}.png,${i % 3}`).join("\n")}\n`);
  given = ["--data", at("pictures"), "--model", model];
});

describe("performance", () => {
  test("prints accuracy with its interval for each bin, and draws it", async () => {
    const { code, out } = await vitrine(["performance", ...given, "--bins", "3", "--out", at("p.png")]);
    expect(code).toBe(0);
    expect(out).toMatch(/12 pictures, \d+\.\d % \(\d+\.\d to \d+\.\d\) right/);
    expect(out).toMatch(/^brightness.*\n {2}\S+ to \S+ +4 +\d+\.\d % \(/m);
    expect((await readImage(at("p.png"))).width).toBeGreaterThan(600);
  });

  test("takes columns of a table, and answers from a survey", async () => {
    const own = ["performance", ...given, "--attributes", at("table.csv"), "--by", "age,time,pixels"];
    const asked = await json<Report>([...own, "--bins", "2"]);
    expect(asked.attributes.map(({ bins }) => bins.map(({ name, pictures }) => [name, pictures]))).toEqual([
      [
        ["0 to 5", 6],
        ["6 to 11", 6],
      ],
      [
        ["night", 8],
        ["day", 4],
      ],
      [["144", 12]],
    ]);
    expect((await vitrine(["survey", ...given, "--out", at("survey"), "--layers", "conv1"])).code).toBe(0);
    expect(await json<Report>([...own, "--bins", "2", "--survey", at("survey")])).toEqual(asked);
  });

  test("sets a human beside the network", async () => {
    const report = await json<Report>([
      "performance",
      ...given,
      "--by",
      "pixels",
      "--human",
      at("human.csv"),
    ]);
    expect(report.human?.table).toEqual({
      both: report.right,
      onlyNetwork: 0,
      onlyHuman: COUNT - report.right,
      neither: 0,
    });
    const { out } = await vitrine(["performance", ...given, "--human", at("human.csv")]);
    expect(out).toMatch(/^beside the human, 12 pictures: network .* human 100.0 %/m);
    expect(out).toMatch(/^ {2}right +both +only network +only human +neither$/m);
  });

  test("knows where the object of a synthetic picture is, and that a texture has none", async () => {
    const report = await json<Report>([
      "performance",
      "--data",
      "synthetic:16",
      "--by",
      "object-size,object-x",
    ]);
    expect(report.attributes.map(({ attribute, without }) => [attribute, without])).toEqual([
      ["object-size", 6],
      ["object-x", 6],
    ]);
    expect(report.notes.join()).toMatch(/not known of 6 pictures/);
  });
});

test.each([
  [["performance"], /performance expects --data FOLDER, got none/],
  [["performance", "DATA", "--by", "beauty"], /--by expects brightness, contrast, .*, got "beauty"/],
  [
    ["performance", "DATA", "--attributes", "OTHER"],
    /names of pictures in the data set, such as "0\/0.png", got none/,
  ],
  [["performance", "DATA", "--human", "OTHER"], /expected names of pictures in the data set, got 1 of 1/],
  [["performance", "DATA", "--survey", "NONE"], /expected a|ENOENT/],
])("%j is refused", async (line, message) => {
  await writeFile(at("other.csv"), "file,label\nzebra.png,1\n");
  const words = line.flatMap((word) =>
    word === "DATA" ? given : word === "OTHER" ? [at("other.csv")] : word === "NONE" ? [at("none")] : [word],
  );
  const { code, err } = await vitrine(words);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

test("a survey of other pictures is refused", async () => {
  await mkdir(at("others/0"), { recursive: true });
  await writePng(at("others/0/a.png"), { width: 12, height: 12, data: new Uint8Array(432) });
  const others = ["--data", at("others"), ...given.slice(2)];
  expect((await vitrine(["survey", ...others, "--out", at("foreign"), "--layers", "conv1"])).code).toBe(0);
  const { code, err } = await vitrine(["performance", ...given, "--survey", at("foreign")]);
  expect(code).toBe(1);
  expect(err).toMatch(/--survey expects a survey of the pictures of --data/);
});

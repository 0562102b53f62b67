import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const SIZE = 12;

let model: string;
/** Bytes of a picture of the network's own size, so that nothing is resized. */
const bytes = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => (i * 37) % 256);

beforeAll(async () => {
  model = await writeTinyModel("tiny");
  await writePng(at("x.png"), { width: SIZE, height: SIZE, data: bytes });
  await writeNpy(at("x.npy"), {
    shape: [SIZE, SIZE, 3],
    data: Float32Array.from(bytes, (v) => v / 255),
  });
  await writeFile(at("labels.txt"), "cat\nsmall dog\nbig dog\n");
  await writeFile(at("labels.json"), '["cat", "small dog", "big dog"]');
});

const unit = () => ["--model", model];

interface Predicted {
  readonly results: {
    readonly image: string;
    readonly predictions: { index: number; label?: string; logit: number; probability: number }[];
  }[];
}

describe("predict", () => {
  test("gives all classes, strongest first, the same for a picture and for its array", async () => {
    const { results } = await json<Predicted>(["predict", at("x.png"), "--image", at("x.npy"), ...unit()]);
    const [picture, array] = results;
    expect(results.map(({ image }) => image)).toEqual([at("x.png"), at("x.npy")]);
    expect(picture?.predictions).toHaveLength(3);
    expect(picture?.predictions).toEqual(array?.predictions);
    const sum = picture?.predictions.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 6);
    const logits = picture?.predictions.map(({ logit }) => logit) ?? [];
    expect(logits).toEqual(logits.toSorted((a, b) => b - a));
  });

  test("names classes from text and from JSON, lists --top of them and keeps the logits", async () => {
    for (const labels of ["labels.txt", "labels.json"]) {
      const args = ["predict", at("x.npy"), "--model", model, "--labels", at(labels), "--top", "2"];
      const { results } = await json<Predicted>([...args, "--out", at("logits.npy")]);
      const predictions = results[0]?.predictions ?? [];
      expect(predictions).toHaveLength(2);
      const { shape, data } = await readNpy(at("logits.npy"));
      expect([...shape]).toEqual([1, 3]);
      for (const { index, label, logit } of predictions) {
        expect(label).toBe(["cat", "small dog", "big dog"][index]);
        expect(data[index]).toBeCloseTo(logit, 6);
      }
    }
  });

  test("prints a table for people", async () => {
    const { code, out } = await vitrine(["predict", at("x.npy"), ...unit(), "--labels", at("labels.txt")]);
    expect(code).toBe(0);
    expect(out).toMatch(/x\.npy\n +\d+\.\d\d % {2}\S.*class \d, logit -?\d/);
  });

  test("the preprocessing may be spelt out, in either unit", async () => {
    const spelt = [
      ["--preprocess", "signed"],
      ["--mean", "0.5", "--std", "0.5,0.5,0.5"],
      ["--range", "1", "--mean", "127.5,127.5,127.5", "--std", "127.5"],
    ];
    const logits = [];
    for (const options of spelt) {
      const { results } = await json<Predicted>(["predict", at("x.png"), "--model", model, ...options]);
      logits.push(results[0]?.predictions.map(({ logit }) => logit.toFixed(4)));
    }
    expect(logits[1]).toEqual(logits[0]);
    expect(logits[2]).toEqual(logits[0]);
  });

  test("knows pictures of the shipped data set", async () => {
    const { results } = await json<Predicted>([
      "predict",
      "--image",
      "synthetic:1000004",
      "--image",
      "synthetic:1000013",
    ]);
    expect(results.map(({ predictions }) => predictions[0]?.label)).toEqual(["ring", "bricks"]);
  });
});

describe("activations", () => {
  test("keeps a layer, and one of its channels, at their exact shapes", async () => {
    const args = ["activations", at("x.npy"), ...unit(), "--layer", "conv2"];
    const report = await json<{
      shape: number[];
      max: number;
      strongest: { channel: number; max: number }[];
    }>([...args, "--out", at("a.npy")]);
    const { shape, data } = await readNpy(at("a.npy"));
    expect([...shape]).toEqual([6, 6, 5]);
    expect(report.shape).toEqual([6, 6, 5]);
    expect(report.max).toBe(Math.max(...data));
    const [best] = report.strongest;
    expect(best?.max).toBe(report.max);
    await json([...args, "--channel", String(best?.channel), "--out", at("c.npy")]);
    const one = await readNpy(at("c.npy"));
    expect([...one.shape]).toEqual([6, 6]);
    expect([...one.data]).toEqual([...data.filter((_, i) => i % 5 === best?.channel)]);
    await json([...args.slice(0, -1), "gap", "--out", at("g.npy")]);
    expect([...(await readNpy(at("g.npy"))).shape]).toEqual([5]);
  });

  test("counts what is exactly zero, and not what is below it", async () => {
    const of = (model: string) => ["activations", at("x.npy"), "--model", model, "--layer", "conv2"];
    for (const [name, activation] of [
      ["tiny", "relu"],
      ["curved", "tanh"],
    ] as const) {
      const made = await writeTinyModel(name, activation);
      const { zeros, min } = await json<{ zeros: number; min: number }>([...of(made), "--out", at("z.npy")]);
      const { data } = await readNpy(at("z.npy"));
      const share = data.filter((v) => v === 0).length / data.length;
      expect(zeros).toBe(share);
      expect(min).toBe(Math.min(...data));
      if (activation === "relu") expect(share > 0 && share < 1).toBe(true);
      else expect([share, min < 0]).toEqual([0, true]);
      const { out } = await vitrine(of(made));
      expect(out).toContain(`, ${(100 * share).toFixed(1)} % zero`);
    }
  });

  test.each([["conv1"], ["gap"], ["conv2", "--channel", "1"]])("draws %j", async (...layer) => {
    const { code } = await vitrine([
      "activations",
      at("x.npy"),
      ...unit(),
      "--layer",
      ...layer,
      "--out",
      at("a.png"),
    ]);
    expect(code).toBe(0);
    expect((await readImage(at("a.png"))).width).toBeGreaterThan(256);
  });
});

describe("layers", () => {
  test("lists names, shapes and the logits, without a GPU", async () => {
    const none = () => Promise.reject(new Error("no GPU here"));
    const { code, out } = await vitrine(["layers", "--model", model], none);
    expect(code).toBe(0);
    expect(out).toMatch(/conv2 +6×6×5 +conv2d/);
    expect(out).toMatch(/logits +3 +dense {2}\(logits\)/);
    const { logits } = JSON.parse((await vitrine(["layers", "--model", model, "--json"], none)).out);
    expect(logits).toBe("logits");
  });
});

describe("dataset", () => {
  test("draws one picture, a sheet and a folder", async () => {
    const one = await vitrine(["dataset", "--index", "3", "--size", "24", "--out", at("one.png")]);
    expect(one).toMatchObject({ code: 0, out: "" });
    expect(await readImage(at("one.png"))).toMatchObject({ width: 24, height: 24 });
    await vitrine(["dataset", "--count", "5", "--size", "24", "--out", at("sheet.png")]);
    expect((await readImage(at("sheet.png"))).width).toBeGreaterThan(3 * 24);
    const { pictures } = await json<{ pictures: { file: string; labels: string[] }[] }>([
      "dataset",
      "--count=2",
      "--index=3",
      "--size=24",
      "--out",
      at("many/pictures"),
    ]);
    expect(pictures.map(({ labels }) => labels[0])).toEqual(["star", "ring"]);
    const [first, second] = await Promise.all(pictures.map(({ file }) => readImage(file)));
    expect(first?.data).toEqual((await readImage(at("one.png"))).data);
    expect(second?.data).not.toEqual(first?.data);
  });
});

describe("the program", () => {
  const run = (args: readonly string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, ["build/run.mjs", "src/cli/main.ts", ...args]);
      const [out, err]: [string[], string[]] = [[], []];
      child.stdout.on("data", (text) => out.push(String(text)));
      child.stderr.on("data", (text) => err.push(String(text)));
      child.on("close", (code) => resolve({ code, out: out.join(""), err: err.join("") }));
    });

  test.skipIf(!existsSync("build/run.mjs"))(
    "opens a GPU of its own, prints JSON alone, and ends by itself",
    async () => {
      const { code, out } = await run(["predict", at("x.npy"), ...unit(), "--json"]);
      expect(code).toBe(0);
      expect((JSON.parse(out) as Predicted).results).toHaveLength(1);
    },
  );

  test.skipIf(!existsSync("build/run.mjs"))("ends with 1 on a mistake, and says it once", async () => {
    const { code, out, err } = await run(["predict", at("none.png"), ...unit()]);
    expect([code, out]).toEqual([1, ""]);
    // A slow start says how far it is.
    const said = err.split("\n").filter((line) => line.startsWith("vitrine:") && !line.endsWith("…"));
    expect(said).toHaveLength(1);
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { printable } from "../../src/cli/printable.ts";
import { BOX, writtenText } from "../../src/figures/lettering.ts";
import { folder, json, vitrine } from "./run.ts";

/** Sets a title, clears the screen, goes back, begins lines of its own, turns text round, in 7 and 8 bits. */
const EVIL =
  "\x1b]0;PWNED\x07\x1b[2J\x9b31m\r\nvitrine: fake line\u202Edesrever\u2066\u200F\u2028\u061C\x7F\u0085";
const HARMLESS =
  "\\u001b]0;PWNED\\u0007\\u001b[2J\\u009b31m\\u000d\\u000avitrine: fake line\\u202edesrever\\u2066\\u200f\\u2028\\u061c\\u007f\\u0085";
/** What no line may hold. Line breaks stand between lines only. */
const RAW = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

let model: string;

beforeAll(async () => {
  model = join(folder, "evil");
  await mkdir(model, { recursive: true });
  const layers = [
    {
      class_name: "Conv2D",
      config: { name: `${EVIL}conv`, filters: 2, kernel_size: 1, batch_input_shape: [null, 6, 6, 3] },
    },
    { class_name: "GlobalAveragePooling2D", config: { name: `${EVIL}mean` } },
  ];
  const weights = [
    { name: `${EVIL}conv/kernel`, shape: [1, 1, 3, 2], dtype: "float32" },
    { name: `${EVIL}conv/bias`, shape: [2], dtype: "float32" },
  ];
  const manifest = {
    modelTopology: { class_name: "Sequential", config: { name: `${EVIL}model`, layers } },
    weightsManifest: [{ paths: ["w.bin"], weights }],
    userDefinedMetadata: { labels: [`${EVIL}cat`, `${EVIL}dog`], preprocessing: { mean: 0, std: 1 } },
  };
  await writeFile(join(model, "model.json"), JSON.stringify(manifest));
  await writeFile(join(model, "w.bin"), Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
});

describe("names from files reach the terminal without control and bidirectional characters", () => {
  const image = ["--image", "synthetic:1"];

  test.each<[command: string, args: string[], code: number]>([
    ["layers", [], 0],
    ["layers", ["--json"], 0],
    ["predict", image, 0],
    ["explain saliency", image, 0],
    ["explain grad-cam", [...image, "--layer", EVIL], 1],
    ["activations", [...image, "--layer", `${EVIL}conv`], 0],
    ["activations", [...image, "--layer", `${EVIL}none`], 1],
    ["filters", ["--layer", `${EVIL}mean`], 1],
    ["predict", ["--image", `${EVIL}.png`], 1],
  ])("%s %j", async (command, args, expected) => {
    const { code, out, err } = await vitrine([...command.split(" "), "--model", model, ...args]);
    expect([code, err]).toEqual([expected, expect.anything()]);
    for (const line of `${out}\n${err}`.split("\n")) expect(line).not.toMatch(RAW);
    expect(out + err).toContain("PWNED");
    // One line each: what pretends to be one is not at the beginning of any.
    expect(`${out}\n${err}`).not.toMatch(/^vitrine: fake/m);
  });

  test("and are shown as JSON writes them", async () => {
    const { out } = await vitrine(["layers", "--model", model]);
    const [, conv = ""] = out.split("\n");
    expect(conv.startsWith(`${HARMLESS}conv `)).toBe(true);
  });

  test("in JSON they are what they are", async () => {
    const { layers } = await json<{ layers: { name: string }[] }>(["layers", "--model", model]);
    expect(layers.map(({ name }) => name)).toEqual(["input", `${EVIL}conv`, `${EVIL}mean`]);
  });
});

test("whatever is printed, one line stays one line of printable characters", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(text, (line) => {
      expect(printable(line)).not.toMatch(RAW);
      expect(JSON.parse(printable(JSON.stringify(line)))).toBe(line);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test("letters, accents, joined emoji and scripts that need joiners stay", () => {
  for (const text of ["über naïve", "👩‍👩‍👧", "می‌خواهم", "日本語", "32×32 → −1"])
    expect(printable(text)).toBe(text);
});

test("captions have a box for what has no letter", () => {
  for (const character of [...EVIL].filter((one) => RAW.test(one))) {
    expect(writtenText(character)).toBe(BOX);
  }
});

import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { floats, type GraphInit, onnxBytes, valueInfo } from "../models/onnx/written.ts";
import { GraphWriter } from "../models/tfjs-graph/written.ts";
import {
  bytesOf,
  type Dropped,
  drop,
  type OpenPage,
  openAt,
  PATIENCE,
  settled,
  textOf,
} from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1280, height: 900 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await openAt(page, served.url);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

beforeEach(() => {
  complaints.length = 0;
});

const fileOf = (name: string, bytes: Iterable<number>): Dropped => ({ name, type: "", bytes: [...bytes] });

/** Drops a network and waits until it stands in the room under a name. */
async function enter(name: string, ...files: readonly Dropped[]): Promise<void> {
  await drop(page, ...files);
  await page.waitForFunction(
    (name) => window.vitrine.session()?.graph.name === name && !document.querySelector(".notice"),
    { polling: 50 },
    name,
  );
  await settled(page);
}

const said = () => page.$$eval(".answers li", (items) => items.map((item) => item.textContent ?? ""));
const wave = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(1 + 1.7 * i));
const node = (opType: string, input: string[], output: string, name = "") => ({
  opType,
  input,
  output: [output],
  name,
});

/** Selects a unit and reads what the inspector says of it, beside the value of the activation. */
async function unitSaid(
  layer: string,
  channel: number,
  y: number,
  x: number,
  index: number,
): Promise<[string, number]> {
  await page.evaluate((unit) => window.vitrine.store.set(unit), { layer, channel, y, x });
  await page.waitForSelector(".panel.right .value");
  const value = await page.evaluate(
    async (layer, index) => (await window.vitrine.session().readActivation(layer))[index] ?? Number.NaN,
    layer,
    index,
  );
  return [await textOf(page, ".panel.right .value"), value];
}

/** A convolution with a long name, attention over its pixels, and a mean: softmax(x·xᵀ) of 4 heads. */
const ATTENTION: GraphInit = {
  name: "torch_jit",
  input: [valueInfo("image", ["N", 3, 8, 8])],
  output: [valueInfo("scores", ["N", 8])],
  initializer: [
    floats("w", [8, 3, 2, 2], wave(96)),
    { name: "heads", dims: [4n], dataType: 7, int64Data: [0n, 2n, 4n, 16n] },
  ],
  node: [
    {
      ...node("Conv", ["image", "w"], "c", "/features/features.0/features.0.0/Conv"),
      attribute: [{ name: "strides", type: 7, ints: [2n, 2n] }],
    },
    node("Reshape", ["c", "heads"], "h"),
    { ...node("Transpose", ["h"], "t"), attribute: [{ name: "perm", type: 7, ints: [0n, 1n, 3n, 2n] }] },
    node("MatMul", ["t", "h"], "m", "/attention/MatMul"),
    { ...node("Softmax", ["m"], "a", "/attention/Softmax"), attribute: [{ name: "axis", type: 2, i: -1n }] },
    node("MatMul", ["a", "t"], "v", "/attention/Values"),
    node("GlobalAveragePool", ["c"], "g"),
    { ...node("Flatten", ["g"], "f"), attribute: [{ name: "axis", type: 2, i: 1n }] },
    {
      ...node("ReduceMean", ["v"], "r"),
      attribute: [
        { name: "axes", type: 7, ints: [1n, 2n, 3n] },
        { name: "keepdims", type: 2, i: 0n },
      ],
    },
    { name: "one", opType: "Unsqueeze", input: ["r", "axis"], output: ["r1"] },
    node("Add", ["f", "r1"], "scores"),
  ],
};

test("a dropped .onnx stands there under its file's name, its layers' names short, its attention as matrices", async () => {
  const axis = { name: "axis", dims: [1n], dataType: 7, int64Data: [1n] };
  const graph = { ...ATTENTION, initializer: [...(ATTENTION.initializer ?? []), axis] };
  await enter("seer", fileOf("seer.onnx", onnxBytes(graph)));
  expect(await said()).toHaveLength(5);
  const names = await page.$$eval(".strip button", (buttons) =>
    buttons.map(({ title }) => title.split(" · ")[0]),
  );
  expect(names).toContain("/features/features.0/features.0.0/Conv");
  const labels = await page.$$eval(".labels .label b", (all) => all.map(({ textContent }) => textContent));
  expect(labels).toContain("features.0.0/Conv");
  expect(labels).toContain("attention/Softmax");
  // Head 1, row 5, column 9 of [2, 16, 16].
  const [shown, value] = await unitSaid("/attention/Softmax", 1, 5, 9, (16 + 5) * 16 + 9);
  expect(Number(shown)).toBeCloseTo(value, 3);
  expect(await textOf(page, ".panel.right .title span")).toBe("16 × 16 × 2");
  // A value of a map that is no channel can be asked about, and its map's size does not disturb it.
  await page.evaluate(() => window.vitrine.store.set({ target: "unit", why: ["saliency"] }));
  await page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });
  const answer = await page.evaluate(() => {
    const { answer, progress } = window.vitrine.questions().why.answers.cards[0] ?? {};
    return { target: answer?.found.target, stage: progress?.stage };
  });
  expect(answer.target).toMatchObject({ layer: "/attention/Softmax", channel: 9, y: 1, x: 5 });
  await page.evaluate(() =>
    window.vitrine.store.set({ why: [], target: undefined, layer: undefined, channel: undefined }),
  );
  expect(complaints).toEqual([]);
});

/** Means of the picture's maps, and a second input added to them. */
function adds(input: string): Uint8Array {
  return onnxBytes({
    name: "adds",
    input: [valueInfo("image", ["N", 3, 8, 8]), valueInfo(input, ["N", 3])],
    output: [valueInfo("scores", ["N", 3])],
    node: [
      node("GlobalAveragePool", ["image"], "g"),
      { ...node("Flatten", ["g"], "f"), attribute: [{ name: "axis", type: 2, i: 1n }] },
      node("Add", ["f", input], "scores"),
    ],
  });
}

test("a network of two inputs says what it lacks, takes numbers that are typed, and then names that are dropped", async () => {
  await enter("adds", fileOf("adds.onnx", adds("bias")));
  await page.waitForFunction(() => document.querySelectorAll(".answers li").length === 0, { polling: 50 });
  expect(await textOf(page, ".panel.left")).toMatch(/also takes “bias”/);
  await page.type('input[aria-label="Values of bias"]', "1, 2");
  const press = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("button")]
        .find(({ textContent }) => textContent === "Use these")
        ?.click(),
    );
  await press();
  await page.waitForFunction(
    () => /expected 3 numbers/.test(document.querySelector(".toast.error")?.textContent ?? ""),
    { polling: 50 },
  );
  await page.type('input[aria-label="Values of bias"]', ", 300");
  await press();
  await page.waitForFunction(() => document.querySelectorAll(".answers li").length === 3, { polling: 50 });
  expect((await said())[2]).toMatch(/30[01]$/);
  await drop(page, fileOf("labels.txt", bytesOf("cat\ndog\n")));
  await page.waitForFunction(
    () => /names 2 classes; adds has 3/.test(document.querySelector(".toast.error")?.textContent ?? ""),
    { polling: 50 },
  );
  await drop(page, fileOf("labels.txt", bytesOf("cat\ndog\nemu\n")));
  await page.waitForFunction(() => /emu/.test(document.querySelector(".answers")?.textContent ?? ""), {
    polling: 50,
  });
  expect(await textOf(page, ".panel.left")).not.toMatch(/also takes/);
  expect(complaints).toEqual([]);
});

test("a GraphModel's files with names of its classes, and a zipped .keras", async () => {
  const model = new GraphWriter();
  const x = model.input([-1, 8, 8, 3]);
  const conv = model.node("Conv2D", [x, model.weights("w", [3, 3, 3, 4])], {
    strides: [1, 1, 1, 1],
    padding: "SAME",
    data_format: "NHWC",
    dilations: [1, 1, 1, 1],
  });
  const mean = model.node("Mean", [conv, model.integers("axes", [1, 2])], { keep_dims: false });
  const files = model.files({ out: mean });
  const read = async (path: string) => fileOf(path, new Uint8Array(await files.read(path)));
  const names = fileOf("labels.json", bytesOf('["joy", "anger", "fear", "calm"]'));
  await drop(page, await read("model.json"), await read("w.bin"), names);
  await page.waitForFunction(() => /joy/.test(document.querySelector(".answers")?.textContent ?? ""), {
    polling: 50,
    timeout: 60_000,
  });
  await settled(page);
  const zipped = zipSync({
    "own.keras": new Uint8Array(readFileSync("test/golden/keras-files/keras3.keras")),
  });
  await drop(page, fileOf("own.zip", zipped));
  await page.waitForFunction(
    () =>
      !document.querySelector(".notice") &&
      (window.vitrine.session()?.graph.layers.length ?? 0) > 15 &&
      window.vitrine.session().predictions.length > 0,
    { polling: 50, timeout: 60_000 },
  );
  expect(complaints).toEqual([]);
});

test("an operator that Vitrine lacks is named, with what is left to do, and the room stays", async () => {
  const before = await page.evaluate(() => window.vitrine.session().graph.name);
  const bytes = onnxBytes({
    name: "odd",
    input: [valueInfo("image", ["N", 3, 8, 8])],
    output: [valueInfo("y", ["N", 3, 8, 8])],
    node: [node("Frobnicate", ["image"], "y")],
  });
  await drop(page, fileOf("odd.onnx", bytes));
  await page.waitForFunction(
    () => /Frobnicate.*blackBox\(\)/.test(document.querySelector(".toast.error")?.textContent ?? ""),
    { polling: 50 },
  );
  expect(await page.evaluate(() => window.vitrine.session().graph.name)).toBe(before);
});

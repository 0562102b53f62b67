import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import type { Source } from "../../src/dataset/source.ts";
import type { SurveyReport } from "../../src/dataset/survey/report.ts";
import { survey } from "../../src/dataset/survey/survey.ts";
import { InputError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { type AtlasMade, makeAtlas } from "../../src/node/make-atlas.ts";
import { type Browser, launchBrowser } from "../browser.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";

/** A layer's name that is no file's, and a label that would end a script. */
const LAYER = "block/conv 2";
const LABEL = "a</script>";
const graph: Graph = {
  ...chain(),
  name: "small",
  labels: [LABEL, "b", "c", "d"],
  layers: chain().layers.map((layer) => ({
    ...layer,
    name: layer.name === "conv2" ? LAYER : layer.name,
    inputs: layer.inputs.map((name) => (name === "conv2" ? LAYER : name)),
  })),
};

/** One unit detects a concept, one is not sure enough. */
const DISSECTED = [
  { channel: 2, detects: true, best: { concept: "stripes", iou: 0.2 } },
  { channel: 3, detects: false, best: { concept: "dots", iou: 0.01 } },
];

let folder: string;
let networks: Networks;
let source: Source;
let report: SurveyReport;
let made: AtlasMade;
let browser: Browser;
let page: Page;
const asked: string[] = [];
const errors: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-atlas-"));
  networks = createNetworks(await testDevice(), graph);
  const next = random(3);
  source = arraySource(
    Array.from({ length: 9 }, (_, i) => ({
      label: [LABEL, "b", "c"][i % 3],
      pixels: {
        width: 6,
        height: 8,
        data: Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round((next() + 1) * 127)),
      },
    })),
  );
  report = await survey(networks, source, {
    layers: ["relu1", "pool1", LAYER, "logits"],
    correlation: true,
    top: 4,
  });
  made = await makeAtlas(networks, source, report, {
    ...{ out: join(folder, "site"), steps: 2 },
    dissection: { layers: [{ layer: "relu1", units: DISSECTED }] },
  });
  browser = await launchBrowser();
  page = await browser.newPage();
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => errors.push(error));
});
afterAll(async () => {
  await browser?.close();
  networks.destroy();
  await rm(folder, { recursive: true, force: true });
});

/** Opens an address within the atlas, and waits for its page. */
async function open(address: string, heading: string): Promise<void> {
  await page.goto(`${pathToFileURL(join(folder, "site", "index.html"))}${address}`);
  await page.waitForFunction((words) => document.querySelector("h1")?.textContent === words, {}, heading);
}

const texts = (selector: string) =>
  page.$$eval(selector, (found) => found.map((element) => element.textContent?.trim() ?? ""));

describe("an atlas", () => {
  test("has the units of the surveyed layers, but for the pooling's", async () => {
    expect([made.layers, made.units]).toEqual([3, 4 + 5 + 4]);
    const files = await readdir(join(folder, "site"), { recursive: true, withFileTypes: true });
    const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)));
    expect((await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)).toBe(made.bytes);
  });

  test("opens from a file: its layers lead to walls, and these to units", async () => {
    await open("#/", "small");
    expect(await texts(".layers strong")).toEqual(["relu1", LAYER, "logits"]);
    await page.click(`.layers a:nth-child(2)`);
    await page.waitForSelector(".wall .tile");
    expect(await texts(".wall .tile .name")).toHaveLength(5);
    await page.click(".wall .tile:nth-child(3)");
    await page.waitForFunction(() => document.querySelector("h1")?.textContent?.endsWith("unit 2"));
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe(`#/layer/${LAYER}/unit/2`);
  });

  test("shows of a unit what the survey found", async () => {
    await open("#/layer/relu1/unit/1", "relu1, unit 1");
    const found = report.layers.find(({ layer }) => layer === "relu1");
    const best = found?.top.channels[1] ?? [];
    const captions = await texts("section:nth-child(2) .patches figcaption");
    expect(captions).toEqual(
      best.map(({ value, image }) => `${Number(value.toPrecision(3))} ${[LABEL, "b", "c"][image % 3]}`),
    );
    const [mean] = await texts("td.number");
    expect(mean).toBe(String(Number(found?.statistics.mean[1]?.toPrecision(3))));
    const headings = await texts("h2");
    expect(headings).toContain("Varies together with");
    expect(headings).toContain("Is read by");
    expect(headings).toContain("What it matters most for");
    expect(headings).not.toContain("Reads");
    // Every picture is there: a sprite's is a background.
    const pictures = await page.$$eval(".sprite", (all) =>
      all.map((element) => /url\("(.*)"\)/.exec(getComputedStyle(element).backgroundImage)?.[1] ?? ""),
    );
    expect(pictures.length).toBeGreaterThan(8);
    for (const url of new Set(pictures)) expect((await stat(new URL(url))).size).toBeGreaterThan(20);
  });

  test("walks on by the arrow keys, and stops at the last unit", async () => {
    await open("#/layer/relu1/unit/2", "relu1, unit 2");
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => document.querySelector("h1")?.textContent === "relu1, unit 3");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction(() => document.querySelector("h1")?.textContent === "relu1, unit 2");
  });

  test("names the units of the logits, and finds layers and classes", async () => {
    await open("#/layer/logits/unit/0", `logits, unit 0: ${LABEL}`);
    await page.type("input[type=search]", "RELU");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("h1")?.textContent === "“RELU”");
    expect(await texts("main p a")).toEqual(["relu1"]);
    await open(`#/search/${encodeURIComponent(LABEL)}`, `“${LABEL}”`);
    const driven = report.layers
      .filter(({ layer }) => layer !== "pool1")
      .flatMap(({ labels }) => labels.find(({ label }) => label === LABEL)?.means ?? []);
    expect((await texts(".wall .tile")).length).toBeGreaterThan(0);
    expect((await texts(".wall .tile")).length).toBeLessThanOrEqual(driven.length);
  });

  test("names the concepts that units detect, and finds them", async () => {
    await open("#/search/stripes", "“stripes”");
    expect(await texts(".wall .tile .name")).toEqual(["2 stripes"]);
    await open("#/layer/relu1/unit/2", "relu1, unit 2");
    expect(await texts("main > p")).toEqual([expect.stringMatching(/It detects: stripes\.$/)]);
    await open("#/search/dots", "“dots”");
    expect(await texts(".wall .tile")).toEqual([]);
  });

  test.each([
    ["#/layer/none", /no layer “none”/],
    ["#/layer/relu1/unit/4", /units 0 to 3, not 4/],
    ["#/search/nothing", /Nothing has that name/],
    ["#/layer/%E0%A4%A", /no layer/],
  ])("says of %s that it leads nowhere", async (address, words) => {
    await page.goto(`${pathToFileURL(join(folder, "site", "index.html"))}${address}`);
    await page.waitForFunction(() => (document.querySelector("main")?.textContent ?? "") !== "");
    expect(await page.$eval("main", (element) => element.textContent)).toMatch(words);
  });

  test("asks for nothing outside, and nothing fails", () => {
    expect(errors).toEqual([]);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
  });

  test("of another data set, or a layer that was not surveyed, is refused", async () => {
    const out = join(folder, "other");
    const other = arraySource([{ pixels: { width: 6, height: 8, data: new Uint8Array(144) } }]);
    await expect(makeAtlas(networks, other, report, { out, steps: 0 })).rejects.toThrow(InputError);
    await expect(makeAtlas(networks, source, report, { out, layers: ["conv1"] })).rejects.toThrow(
      /expected layers of the survey \(relu1, .*\), got "conv1"/,
    );
    await expect(makeAtlas(networks, source, report, { out, stepz: 3 } as never)).rejects.toThrow(/"stepz"/);
  });
});

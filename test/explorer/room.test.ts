import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { State } from "../../demo/questions.ts";
import { colorMap } from "../../src/figures.ts";
import { encodePng } from "../../src/images/png.ts";
import type { Pixels } from "../../src/index.ts";
import { launchBrowser } from "../browser.ts";
import { bytesOf, drop, loseDevice, type OpenPage, openAt, PATIENCE, settled } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { chainOf } from "./tiny-model.ts";

declare const window: { readonly vitrine: OpenPage };

/** 64 × 64 × 48 values are more than a software adapter draws of one layer at a time. */
const large = (name: string) =>
  chainOf(name, 64, [
    { conv: "wide", filters: 48 },
    { pool: "small", by: 4 },
    { conv: "signed", filters: 10, activation: "linear" },
    { mean: "mean" },
    { dense: "say", units: 3 },
  ]);

/** Noise, so that no two values are alike. */
function noise(side: number): Pixels {
  let seed = 1;
  const data = Uint8ClampedArray.from({ length: side * side * 3 }, () => {
    seed = (seed * 48271) % 2147483647;
    return seed % 256;
  });
  return { width: side, height: side, data };
}

let served: Served;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1400, height: 1000 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** Puts a large network into the room, and noise before it. */
async function enterLarge(name: string): Promise<void> {
  const { manifest, weights } = large(name);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: `${name}.bin`, type: "", bytes: [...weights] },
  );
  await page.waitForFunction((name) => window.vitrine.session()?.graph.name === name, { polling: 50 }, name);
  await drop(page, { name: `${name}.png`, type: "image/png", bytes: [...(await encodePng(noise(64)))] });
  await page.waitForFunction(
    (title) => {
      const session = window.vitrine.session();
      return session.shown?.title === title && session.predictions.length > 0;
    },
    { polling: 50 },
    `${name}.png`,
  );
  await set({ threshold: 0 });
}

const set = async (state: Partial<State>): Promise<void> => {
  // What is undefined would not cross to the page.
  const cleared = Object.keys(state).filter((key) => state[key as keyof State] === undefined);
  await page.evaluate(
    (change, cleared) =>
      window.vitrine.store.set({ ...change, ...Object.fromEntries(cleared.map((key) => [key, undefined])) }),
    state,
    cleared,
  );
  await page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });
  await settled(page);
};

/** One place in the room's picture: what unit is said to be there, and the colour that is seen. */
interface Seen {
  readonly channel: number;
  readonly y: number;
  readonly x: number;
  readonly value?: number;
  readonly color: readonly [number, number, number];
  /** What the layer's activation holds there. */
  readonly held: number;
}

interface Looked {
  readonly seen: readonly Seen[];
  /** The largest magnitude of the whole layer, and whether it has values of both signs or such that are no numbers. */
  readonly most: number;
  readonly signed: boolean;
  readonly strange: boolean;
}

/** Reads the picture back and looks at places in it: those of units, or those that a grid of rays picks. */
async function look(
  layer: string,
  asked: { units?: readonly (readonly [number, number, number])[]; grid?: number },
) {
  return page.evaluate(
    async (layer, { units, grid }): Promise<Looked> => {
      const session = window.vitrine.session();
      const { room } = session;
      // Where units stand is asked in the moment in which the picture is taken.
      const picture = room.png("#010203");
      const frames = room.frames;
      const places = (units ?? []).map(([channel, y, x]) => {
        return { channel, y, x, at: room.project({ layer, channel, y, x }) };
      });
      const bitmap = await createImageBitmap(await picture);
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      if (!context) throw new Error("no canvas");
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const colorAt = (x: number, y: number): [number, number, number] => {
        const at = 4 * (Math.floor(y) * bitmap.width + Math.floor(x));
        return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      };
      const within = (x: number, y: number) => x >= 0 && y >= 0 && x < bitmap.width && y < bitmap.height;
      const seen: Omit<Seen, "held">[] = [];
      for (const { at, ...unit } of places) {
        if (at && within(at.x, at.y)) seen.push({ ...unit, color: colorAt(at.x, at.y) });
      }
      // A grid over what the layer's box covers: its corners are seen from any map that is drawn.
      const [height = 1, width = 1, channels = 1] = room.exhibitOf(layer)?.size ?? [];
      const corners = [0, channels - 1].flatMap((channel) =>
        [0, height - 1].flatMap((y) =>
          [0, width - 1].flatMap((x) => room.project({ layer, channel, y, x }) ?? []),
        ),
      );
      const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
      const [left, top] = [Math.min(...xs), Math.min(...ys)];
      const [across, down] = [Math.max(...xs) - left, Math.max(...ys) - top];
      const cells = Array.from({ length: (grid ?? 0) ** 2 }, (_, cell) => ({
        x: Math.floor(left + (((cell % (grid ?? 1)) + 0.5) / (grid ?? 1)) * across) + 0.5,
        y: Math.floor(top + ((Math.floor(cell / (grid ?? 1)) + 0.5) / (grid ?? 1)) * down) + 0.5,
      })).filter(({ x, y }) => within(x, y));
      // All at once: one answer is a journey to the GPU and back.
      const hits = await Promise.all(cells.map((cell) => room.pick(cell)));
      for (const [cell, hit] of hits.entries()) {
        const { x, y } = cells[cell] ?? { x: 0, y: 0 };
        if (hit?.layer === layer) seen.push({ ...hit, color: colorAt(x, y) });
      }
      if (room.frames !== frames) throw new Error("the room was drawn anew while it was looked at");
      const activation = await session.readActivation(layer);
      return {
        seen: seen.map((one) => ({
          ...one,
          held: activation[(one.y * width + one.x) * channels + one.channel] ?? Number.NaN,
        })),
        most: activation.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
        signed: activation.some((value) => value < 0),
        strange: activation.some((value) => !Number.isFinite(value)),
      };
    },
    layer,
    asked,
  );
}

/** The share of the places whose colour is not that of the unit's value; faces at the side and above are darker. */
function wrong({ seen, most, signed }: Looked): number {
  const table = colorMap(signed ? "polar" : "inferno");
  const faults = seen.filter(({ value, color, held }) => {
    if (value !== undefined && value !== held) return true;
    const t = held / most;
    const entry = 3 * Math.round(255 * (signed ? 0.5 + 0.5 * t : t));
    return ![1, 0.84, 0.66].some((shade) =>
      color.every((part, c) => Math.abs(part - shade * (table[entry + c] ?? 0)) <= 2),
    );
  });
  return faults.length / seen.length;
}

/** Units spread over a layer: of every map the same few pixels. */
function spread(channels: number, side: number, of: number, from = 0): [number, number, number][] {
  const places = Array.from({ length: of }, (_, i) => [(i * 7 + 3) % side, (i * 11 + 5) % side] as const);
  return Array.from({ length: channels }, (_, channel) =>
    places.map(([y, x]): [number, number, number] => [from + channel, y, x]),
  ).flat();
}

/** Every map of a sheet has the colours of its own values. */
async function sheetIsRight(layer: string, channels: number, side: number): Promise<void> {
  const found = await look(layer, { units: spread(channels, side, 12), grid: 12 });
  expect(found.seen.length).toBeGreaterThan(100);
  expect(wrong(found)).toBeLessThan(0.02);
}

const resize = async (width: number, height: number): Promise<void> => {
  await page.setViewport({ width, height });
  await settled(page);
};

describe.each([false, true])("with motion reduced: %s", (reduced) => {
  beforeAll(async () => {
    if (page.url() === "about:blank") await openAt(page, served.url);
    await page.emulateMediaFeatures([
      { name: "prefers-reduced-motion", value: reduced ? "reduce" : "no-preference" },
    ]);
    await page.setViewport({ width: 1400, height: 1000 });
    await enterLarge(reduced ? "still" : "moving");
  });

  test("a sheet", async () => {
    await set({ layer: "small", layout: "sheet" });
    await sheetIsRight("small", 48, 16);
  });

  test("a sheet, while why is asked", async () => {
    await set({ layer: "small", layout: "sheet" });
    await set({ why: ["saliency"] });
    await sheetIsRight("small", 48, 16);
    await set({ why: [] });
    await sheetIsRight("small", 48, 16);
  });

  test("a sheet that is resized", async () => {
    await set({ layer: "small", layout: "sheet" });
    await resize(1100, 1200);
    await sheetIsRight("small", 48, 16);
    await resize(1400, 1000);
    await sheetIsRight("small", 48, 16);
  });

  test("a sheet of values of both signs", async () => {
    await set({ layer: "signed", layout: "sheet" });
    await sheetIsRight("signed", 10, 16);
  });

  test("a sheet of more than is drawn at once", async () => {
    await set({ layer: "wide", layout: "sheet" });
    await sheetIsRight("wide", 48, 64);
    // The pages hold all of its maps, and the one that is selected is among those that are shown.
    const shown = () =>
      page.evaluate(() =>
        Array.from({ length: 48 }, (_, channel) => channel).filter((channel) =>
          window.vitrine.session().room.project({ layer: "wide", channel, y: 0, x: 0 }),
        ),
      );
    const first = await shown();
    await page.keyboard.press("PageDown");
    await settled(page);
    await sheetIsRight("wide", 48, 64);
    const second = await shown();
    expect([...first, ...second]).toEqual(Array.from({ length: 48 }, (_, channel) => channel));
    await page.evaluate(() => window.vitrine.store.set({ layer: "wide", channel: 3 }));
    await settled(page);
    expect(await shown()).toEqual(first);
  });

  test.each([0, 1])("a stack, exploded by %s", async (explode) => {
    await set({ layer: "signed", layout: "stack", explode });
    const found = await look("signed", { units: spread(1, 16, 30), grid: 20 });
    expect(found.seen.length).toBeGreaterThan(60);
    expect(wrong(found)).toBeLessThan(0.04);
    await set({ explode: 0 });
  });

  test("the overview", async () => {
    await set({ layer: undefined });
    for (const layer of ["wide", "small"]) {
      const found = await look(layer, { grid: 14 });
      expect(found.seen.length).toBeGreaterThan(20);
      expect(wrong(found)).toBeLessThan(0.1);
    }
  });

  test("in the light", async () => {
    await set({ layer: "small", layout: "sheet", theme: "light" });
    await sheetIsRight("small", 48, 16);
    await set({ theme: undefined });
  });

  test("after another device", async () => {
    await set({ layer: "small", layout: "sheet" });
    await loseDevice(page);
    await settled(page);
    await sheetIsRight("small", 48, 16);
    await set({ why: ["saliency"] });
    await sheetIsRight("small", 48, 16);
    await set({ why: [] });
    await resize(1100, 1200);
    await sheetIsRight("small", 48, 16);
  });
});

describe("what is not there", () => {
  const complaints: string[] = [];

  beforeAll(async () => {
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await page.setViewport({ width: 1000, height: 760 });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await openAt(page, served.url);
  });

  const toasted = (words: RegExp) =>
    page.waitForFunction(
      (source) => new RegExp(source).test(document.querySelector(".toast")?.textContent ?? ""),
      { polling: 50 },
      words.source,
    );
  const selected = () =>
    page.evaluate(() => {
      const { layer, channel, y, x, from, target } = window.vitrine.store.state;
      return JSON.stringify({ layer, channel, y, x, from, target });
    });

  test("is refused in the address that the page is opened with, in a notice", async () => {
    await openAt(page, served.url, "layer=conv1&channel=999&voxel=1,1");
    await toasted(/conv1 has \d+ maps.*no map 999/);
    await settled(page);
    expect(await selected()).toBe('{"layer":"conv1"}');
    await page.waitForFunction(() => !location.hash.includes("999"));
  });

  test.each([
    ["layer=nothing&channel=2&voxel=1,1", /no layer “nothing”/, "{}"],
    ["layer=conv1&channel=1&voxel=500,3", /none at \(y 500, x 3\)/, '{"layer":"conv1","channel":1,"from":1}'],
    [
      "layer=conv1&channel=1&voxel=7,4000",
      /none at \(y 7, x 4000\)/,
      '{"layer":"conv1","channel":1,"from":1}',
    ],
    ["layer=conv1&from=999", /no map 999/, '{"layer":"conv1"}'],
    ["target=4000&why=saliency", /no class 4000/, "{}"],
  ])("is refused when the address changes, in a notice: %s", async (hash, words, kept) => {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, hash);
    await toasted(words);
    await settled(page);
    expect(await selected()).toBe(kept);
    expect(complaints).toEqual([]);
  });
});

describe("the tooltip", () => {
  beforeAll(async () => {
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await page.setViewport({ width: 1000, height: 760 });
    await openAt(page, served.url);
  });

  /** Rests the pointer on a voxel of an open sheet until its value is said. */
  async function hover(): Promise<{ x: number; y: number }> {
    await page.mouse.move(500, 5);
    await set({ why: [], layer: "pool2", layout: "sheet", threshold: 0 });
    await page.evaluate(() => window.vitrine.session().room.home());
    await settled(page);
    const at = await page.evaluate(() =>
      window.vitrine.session().room.project({ layer: "pool2", channel: 10, y: 5, x: 5 }),
    );
    if (!at) throw new Error("expected the voxel to be seen");
    await page.mouse.move(at.x - 1, at.y);
    await page.mouse.move(at.x, at.y);
    await page.waitForFunction(
      () => document.querySelector(".tip:not(.hidden)")?.textContent?.includes("map 10 · (y 5, x 5)"),
      { polling: 50 },
    );
    return at;
  }

  /** What the tooltip says, and what it should say: the voxel that is picked where the pointer is. */
  async function tips(at: { x: number; y: number }): Promise<{ said: string; right: string }> {
    await settled(page);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return page.evaluate(async (at) => {
      const hit = await window.vitrine.session().room.pick(at);
      const tip = document.querySelector(".tip");
      return {
        said: tip?.classList.contains("hidden") ? "" : (tip?.querySelector("div")?.textContent ?? ""),
        right: hit ? `${hit.layer} · map ${hit.channel} · (y ${hit.y}, x ${hit.x})` : "",
      };
    }, at);
  }

  test.each([
    ["comes nearer", () => page.mouse.wheel({ deltaY: -240 })],
    ["flies", () => page.evaluate(() => window.vitrine.session().room.fly(0.07, 0.03, 0))],
    ["is left", () => page.evaluate(() => window.vitrine.store.set({ layer: undefined }))],
    ["is stacked", () => page.evaluate(() => window.vitrine.store.set({ layout: "stack" }))],
  ] as const)("says what lies under the pointer when the room %s", async (_, change) => {
    const at = await hover();
    await change();
    const { said, right } = await tips(at);
    expect(said).toBe(right);
    expect(said).not.toContain("map 10 · (y 5, x 5)");
  });
});

test("what is no number is said, not drawn", async () => {
  const bad = chainOf("broken", 8, [
    { conv: "look", filters: 4, bias: 3e38, activation: "linear" },
    { conv: "burst", filters: 4, activation: "linear" },
    { mean: "mean" },
    { dense: "say", units: 3 },
  ]);
  await openAt(page, served.url);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(bad.manifest) },
    { name: "broken.bin", type: "", bytes: [...bad.weights] },
  );
  await page.waitForFunction(() => document.querySelector(".path")?.textContent?.includes("broken"), {
    polling: 100,
  });
  await page.waitForFunction(
    () => document.querySelector(".answers ~ .note.warn:not(.hidden)")?.textContent,
    {
      polling: 100,
    },
  );
  expect(await page.$eval(".answers", (list) => list.textContent)).toBe("");
  expect(await page.$eval(".answers ~ .note.warn", (note) => note.textContent)).toMatch(
    /values of burst are NaN or infinite/,
  );
  expect(await page.$eval(".why button", (ask) => (ask as HTMLButtonElement).disabled)).toBe(true);
  await set({ layer: "burst", threshold: 0 });
  const { seen, strange } = await look("burst", { grid: 16 });
  expect(strange).toBe(true);
  for (const { held } of seen) expect(held).toSatisfy(Number.isFinite);
  expect(await page.$eval(".facts", (facts) => facts.textContent)).toMatch(/Not finite/);
});

import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../../src/images/png.ts";
import { launchBrowser } from "../browser.ts";
import { countHeld, heldBy } from "./held.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, settled, textOf } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { chainOf, tinyModel } from "./tiny-model.ts";

/** What the page lays open for tests; see demo/main.ts. */
declare const window: {
  readonly vitrine: OpenPage;
  letGo: () => void;
  createImageBitmap: typeof createImageBitmap;
};

/** Swaps after which what is held is counted; VITRINE_SWAPS asks for more. */
const SWAPS = Number(process.env.VITRINE_SWAPS ?? 6);

let served: Served;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 640, height: 480 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.evaluateOnNewDocument(() => {
    // As on a GPU that is none of software: the room is drawn with multisampling, into a texture as large as the canvas.
    for (const [key, value] of Object.entries({
      vendor: "a",
      architecture: "b",
      device: "",
      description: "",
    })) {
      Object.defineProperty(GPUAdapterInfo.prototype, key, { get: () => value });
    }
    Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
    // Nothing is measured and remembered: that would take the software adapter minutes.
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("forbidden", "SecurityError");
      },
    });
  });
  await countHeld(page);
  await openAt(page, served.url);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

const filesOf = (name: string, { manifest, weights } = tinyModel(name)) => [
  { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
  { name: `${name}.bin`, type: "", bytes: [...weights] },
];

async function enter(name: string, model = tinyModel(name)): Promise<void> {
  await drop(page, ...filesOf(name, model));
  await page.waitForFunction(
    (name) => {
      const session = window.vitrine.session();
      return session?.graph.name === name && session.predictions.length === 3;
    },
    { polling: 50 },
    name,
  );
  await settled(page);
}

/** How many contexts of canvases are still reachable: each keeps a picture as large as its canvas on the GPU. */
async function contexts(): Promise<number> {
  const prototype = await page.evaluateHandle(() => GPUCanvasContext.prototype);
  const all = await page.queryObjects(prototype);
  const count = await all.evaluate((found) => (found as unknown as unknown[]).length);
  await all.dispose();
  await prototype.dispose();
  return count;
}

test("holds no more on the GPU after many networks than after one", async () => {
  await enter("first");
  await enter("second");
  const before = await heldBy(page);
  const canvases = await contexts();
  for (let swap = 0; swap < SWAPS; swap++) {
    await enter(`network${swap}`);
  }
  expect(await heldBy(page)).toEqual(before);
  // What a network before still waits for when the next one comes lets go of it when that is done.
  await expect.poll(contexts, { timeout: 10_000, interval: 500 }).toBeLessThanOrEqual(canvases);
  expect(await page.$$eval("canvas.room", (canvases) => canvases.length)).toBe(1);
});

test("of two networks dropped at once shows the last, in one room, and frees the first", async () => {
  await enter("second");
  const before = await heldBy(page);
  // The first one's weights come when the second stands there.
  await page.evaluate(() => {
    const read = File.prototype.arrayBuffer;
    const gate = new Promise<void>((resolve) => {
      window.letGo = resolve;
    });
    File.prototype.arrayBuffer = async function (this: File) {
      if (this.name === "slow.bin") await gate;
      return read.call(this);
    };
  });
  await drop(page, ...filesOf("slow"));
  await enter("quick");
  await page.evaluate(() => window.letGo());
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await settled(page);
  expect(await page.evaluate(() => window.vitrine.session().graph.name)).toBe("quick");
  expect(await textOf(page, ".bar .path")).toContain("quick");
  expect(await page.$$eval("canvas.room", (canvases) => canvases.length)).toBe(1);
  expect(await page.$$eval(".panel.left", (panels) => panels.length)).toBe(1);
  expect(await page.$(".notice")).toBeNull();
  expect(await heldBy(page)).toEqual(before);
});

test("of two networks that both load, the one dropped first does not come back", async () => {
  await drop(
    page,
    ...filesOf(
      "wide",
      chainOf("wide", 32, [
        { conv: "look", filters: 64 },
        { conv: "again", filters: 64 },
        { mean: "mean" },
        { dense: "say", units: 3 },
      ]),
    ),
  );
  await enter("last");
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await settled(page);
  expect(await page.evaluate(() => window.vitrine.session().graph.name)).toBe("last");
  expect(await page.$$eval("canvas.room", (canvases) => canvases.length)).toBe(1);
});

describe("a picture that is brought", () => {
  const picture = async (name: string, red: number) => {
    const data = Uint8ClampedArray.from({ length: 8 * 8 * 3 }, (_, i) => (i % 3 === 0 ? red : 90));
    return { name, type: "image/png", bytes: [...(await encodePng({ width: 8, height: 8, data }))] };
  };
  const shown = (title: string) =>
    page.waitForFunction((title) => window.vitrine.session()?.shown?.title === title, { polling: 50 }, title);
  /** Holds the decoding of one picture until `letGo`. */
  const hold = (held: string) =>
    page.evaluate((held) => {
      const decode = createImageBitmap as (blob: ImageBitmapSource) => Promise<ImageBitmap>;
      const gate = new Promise<void>((resolve) => {
        window.letGo = resolve;
      });
      window.createImageBitmap = (async (blob: ImageBitmapSource) => {
        if (blob instanceof File && blob.name === held) await gate;
        return decode(blob);
      }) as typeof createImageBitmap;
    }, held);

  test("last is shown, though one before it is decoded later", async () => {
    await hold("slow.png");
    await drop(page, await picture("slow.png", 10));
    await drop(page, await picture("quick.png", 200));
    await shown("quick.png");
    await page.evaluate(() => window.letGo());
    await settled(page);
    await settled(page);
    expect(await page.evaluate(() => window.vitrine.session().shown?.title)).toBe("quick.png");
  });

  test("is shown to the network that came while it was decoded, and to the next", async () => {
    await hold("late.png");
    await drop(page, await picture("late.png", 60));
    await enter("meanwhile");
    await page.evaluate(() => window.letGo());
    await shown("late.png");
    // Small enough to be taken as it stands: v = p / 255.
    const input = await page.evaluate(() => [...window.vitrine.session().input]);
    expect(input[0]).toBeCloseTo(60 / 255, 6);
    await enter("next");
    expect(await page.evaluate(() => window.vitrine.session().shown?.title)).toBe("late.png");
  });

  test("is shown with the network that is brought, though both come before the room stands", async () => {
    await page.goto("about:blank");
    await page.goto(served.url, { waitUntil: "domcontentloaded" });
    await page.waitForFunction(() => window.vitrine, { polling: 20 });
    expect(await page.evaluate(() => window.vitrine.session() === undefined)).toBe(true);
    await drop(page, await picture("early.png", 30));
    await drop(page, ...filesOf("early"));
    await page.waitForFunction(() => window.vitrine.session()?.graph.name === "early", { polling: 50 });
    await shown("early.png");
  });

  test("is refused in words where it has too many pixels", async () => {
    await page.evaluate(() => {
      window.createImageBitmap = (async () => {
        return { width: 20_000, height: 20_000, close() {} };
      }) as unknown as typeof createImageBitmap;
    });
    await drop(page, await picture("vast.png", 1));
    await page.waitForFunction(() => document.querySelector(".toast.error"), { polling: 50 });
    expect(await textOf(page, ".toast.error")).toMatch(/vast\.png.*at most 64 megapixels, got 20000×20000/);
  });
});

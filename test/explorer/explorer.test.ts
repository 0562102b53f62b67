import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../../src/images/png.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { launchBrowser } from "../browser.ts";
import { folder, vitrine } from "../cli/run.ts";
import { goldenOf, HAVE_SHARED, readPhotograph } from "../models/golden.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, settled, textOf } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { tinyModel } from "./tiny-model.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const requests: string[] = [];

/** Where a unit is seen on the page. */
function seenAt(layer: string, channel: number, y: number, x: number): Promise<{ x: number; y: number }> {
  return page.evaluate((unit) => window.vitrine.session().room.project(unit) ?? { x: 0, y: 0 }, {
    layer,
    channel,
    y,
    x,
  });
}

/** Waits until every question has its answer. Polled by the clock: while the GPU is busy, frames are late. */
const done = () => page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });

/** Goes to another address of the page that stands open. */
async function visit(hash: string): Promise<void> {
  await page.evaluate((hash) => {
    const there = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = hash;
    return there;
  }, hash);
}

const text = (selector: string): Promise<string> => textOf(page, selector);

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1440, height: 900 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await openAt(page, served.url);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

describe("the explorer", () => {
  test("opens with a picture, five answers and the adapter's name, asking nobody else", async () => {
    const answers = await page.$$eval(".answers li", (items) => items.map((item) => item.textContent));
    expect(answers).toHaveLength(5);
    expect(answers[0]).toContain("star");
    expect(await text(".strip .foot")).toMatch(/swiftshader/i);
    const elsewhere = requests.filter(
      (url) => !url.startsWith(served.url) && !/^(about|blob|data):/.test(url),
    );
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("draws from the network's own buffers, and only while something changes", async () => {
    await settled(page);
    expect(await page.evaluate(() => window.vitrine.session().room.drawsFromActivations())).toBe(true);
    const before = await page.evaluate(() => window.vitrine.session().room.frames);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await page.evaluate(() => window.vitrine.session().room.frames)).toBe(before);
  });

  test("opens a volume by a click, and goes down and up by keys", async () => {
    await settled(page);
    const [x, y] = await page.evaluate(() => {
      const { room } = window.vitrine.session();
      const at = room.project({ layer: "conv1", channel: 0, y: 24, x: 24 });
      return [at?.x ?? 0, at?.y ?? 0] as const;
    });
    await page.mouse.click(x, y);
    await page.waitForFunction(() => window.vitrine.store.state.layer === "conv1");
    expect(await text(".panel.right .title strong")).toBe("conv1");
    await page.keyboard.press("Enter");
    expect(await text(".bar .path")).toContain("map 0");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => window.vitrine.store.state)).toMatchObject({ channel: 1, y: 24, x: 24 });
    for (let level = 0; level < 3; level++) await page.keyboard.press("Escape");
    expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBeUndefined();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBe("conv1");
  });

  test.each(["sheet", "stack"] as const)(
    "says the value of the voxel under the pointer: %s",
    async (layout) => {
      await page.evaluate(
        (layout) =>
          window.vitrine.store.set({
            layer: "pool2",
            channel: undefined,
            y: undefined,
            x: undefined,
            layout,
            threshold: 0,
          }),
        layout,
      );
      await settled(page);
      // In a stack only the first map faces the eye.
      const unit = { channel: layout === "sheet" ? 21 : 0, y: 5, x: 7 };
      const at = await seenAt("pool2", unit.channel, unit.y, unit.x);
      await page.mouse.move(at.x - 3, at.y);
      await page.mouse.move(at.x, at.y);
      const hovered = await page.evaluate((at) => window.vitrine.session().room.pick(at), at);
      const activation = await page.evaluate(async () => [
        ...(await window.vitrine.session().readActivation("pool2")),
      ]);
      const channels = 48;
      const expected = activation[(unit.y * 12 + unit.x) * channels + unit.channel];
      expect(hovered).toEqual({ layer: "pool2", ...unit, value: expected });
      await page.waitForSelector(".tip:not(.hidden)");
      expect(await text(".tip")).toContain(`map ${unit.channel} · (y ${unit.y}, x ${unit.x})`);
      // Its receptive field is outlined on the image: 28 of 96 pixels wide, unless the border cuts it.
      const width = await page.$eval(".sees", (element) => (element as HTMLElement).style.width);
      expect(Number.parseFloat(width)).toBeGreaterThan(20);
      await page.mouse.move(720, 20);
    },
  );

  test("hides what lies below the threshold", async () => {
    const size = async (threshold: number): Promise<number> => {
      await page.evaluate(
        (threshold) => window.vitrine.store.set({ layer: "conv2_2", layout: "sheet", threshold }),
        threshold,
      );
      await settled(page);
      return page.evaluate(async () => (await window.vitrine.session().room.png("#000")).size);
    };
    expect(await size(1)).toBeLessThan(0.8 * (await size(0)));
  });

  test("answers why by several techniques of two classes, with one cursor", async () => {
    await openAt(page, served.url, "why=grad-cam,saliency&versus=second");
    await done();
    const cards = await page.evaluate(() =>
      window.vitrine.questions().why.answers.cards.map(({ id, about, answer, ends }) => ({
        id,
        about,
        shape: answer?.robust.size,
        max: ends?.max ?? 0,
        values: [...(answer?.robust.values ?? [])],
      })),
    );
    expect(cards.map(({ id }) => id)).toEqual(["grad-cam", "grad-cam:2", "saliency", "saliency:2"]);
    const [first, second, gradient] = cards;
    expect(first).toMatchObject({ about: "star", shape: [12, 12] });
    expect(second?.about).not.toBe("star");
    expect(second?.values).not.toEqual(first?.values);
    expect(gradient?.shape).toEqual([96, 96]);
    // The star stands in the middle.
    const strongest = first?.values.indexOf(Math.max(...first.values)) ?? 0;
    expect(Math.abs(Math.floor(strongest / 12) - 5.5)).toBeLessThan(5);
    expect(Math.abs((strongest % 12) - 5.5)).toBeLessThan(5);
    // Gradients end at their 99th percentile unless they are shown raw.
    expect(gradient?.max).toBeLessThan(Math.max(...(gradient?.values ?? [])));
    expect(await text(".group:nth-child(2) .caption:last-child")).toMatch(/99th percentile/);
    await page.evaluate(() => window.vitrine.store.set({ ends: "raw" }));
    expect(await text(".group:nth-child(2) .caption:last-child")).toMatch(/Nothing clipped/);

    const box = await (await page.$(".card .map"))?.boundingBox();
    if (!box) throw new Error("expected a map");
    await page.mouse.move(box.x + (40.5 / 96) * box.width, box.y + (64.5 / 96) * box.height);
    expect(await page.$$eval(".card .cross:not(.hidden)", (crosses) => crosses.length)).toBe(4);
    const said = await page.$$eval(".card .caption.value", (notes) => notes.map((note) => note.textContent));
    expect(said.every((words) => words?.endsWith("at (y 64, x 40)"))).toBe(true);
    const value = first?.values[8 * 12 + 5] ?? 0;
    expect(Number.parseFloat(said[0] ?? "")).toBeCloseTo(value, 2);
  });

  test("shows Grad-CAM along the network, and takes up the layer that is pressed", async () => {
    await visit("why=grad-cam&along=on");
    await done();
    expect(await page.$$eval(".along .tile", (tiles) => tiles.length)).toBe(8);
    await page.$eval(".along .tile:nth-child(5) .map", (tile) => (tile as HTMLElement).click());
    await done();
    const found = await page.evaluate(() => ({
      state: window.vitrine.store.state,
      card: window.vitrine.questions().why.answers.cards[0]?.request.layer,
    }));
    expect(found.state.weighs).toBe(found.card);
    expect(found.state.layer).toBe(found.card);
    expect(found.card).toBe("pool2");
  });

  test("measures trust beside a map, and says what it means", async () => {
    await visit("why=guided-backprop&trust=on");
    // The last figures would take a software adapter long.
    await page.waitForSelector(".card .trust svg");
    expect(await text(".card .trust")).toMatch(
      /insertion ↑\d.*\(\d.*random weights ↓−?\d.*runner-up ↓\d.*This map hardly depends on the class/,
    );
    expect(await page.$$eval(".trust svg path", (paths) => paths.length)).toBe(3);
  });

  test("gives the command line that makes the same map", async () => {
    await visit("why=grad-cam&target=4");
    await done();
    await page.$eval(".card .head button", (button) => (button as HTMLElement).click());
    const command = await text("dialog.take pre");
    expect(command).toBe(
      "vitrine explain grad-cam --image synthetic:24003 --target ring --layer conv3_3 --out grad-cam.png",
    );
    const { map, input } = await page.evaluate(() => {
      const session = window.vitrine.session();
      return {
        map: [...(window.vitrine.questions().why.answers.cards[0]?.answer?.found.data ?? [])],
        input: [...session.input],
      };
    });
    await page.keyboard.press("Escape");
    // The page's own picture: another GPU may draw a pixel's level otherwise.
    const [image, out] = [join(folder, "page.npy"), join(folder, "same.npy")];
    await writeNpy(image, { shape: [96, 96, 3], data: Float32Array.from(input) });
    const words = command.replace("synthetic:24003", image).replace("grad-cam.png", out).split(" ");
    expect(await vitrine(words.slice(1))).toMatchObject({ code: 0 });
    const { data } = await readNpy(out);
    expect(data.length).toBe(map.length);
    const most = Math.max(...map);
    expect(most).toBeGreaterThan(0);
    for (const [i, value] of data.entries())
      expect(Math.abs(value - (map[i] ?? 0)) / most).toBeLessThan(1e-4);
  });

  test("saves the figure of a map as pixels and as vectors", async () => {
    await page.evaluate(() => window.vitrine.store.set({ why: ["grad-cam"], target: undefined }));
    await done();
    await page.$eval(".card .head button", (button) => (button as HTMLElement).click());
    const [shown, made] = await page.$eval("dialog.take img", async (preview) => {
      const image = preview as HTMLImageElement;
      await image.decode();
      const { width, height } = image.getBoundingClientRect();
      return [width / height, image.naturalWidth / image.naturalHeight] as const;
    });
    expect(shown).toBeCloseTo(made, 2);
    const saved = (label: string) =>
      page.evaluate(async (label) => {
        const create = URL.createObjectURL;
        try {
          const blob = await new Promise<Blob>((resolve, reject) => {
            URL.createObjectURL = (file: Blob) => {
              resolve(file);
              return create(file);
            };
            const toasts = new MutationObserver(() => {
              const error = document.querySelector(".toast.error");
              if (error) reject(new Error(error.textContent ?? ""));
            });
            toasts.observe(document.body, { childList: true });
            const buttons = document.querySelectorAll<HTMLButtonElement>("dialog.take button");
            [...buttons].find(({ textContent }) => textContent === label)?.click();
          });
          return [...new Uint8Array(await blob.slice(0, 4).arrayBuffer())];
        } finally {
          URL.createObjectURL = create;
        }
      }, label);
    expect(await saved("Save PNG")).toEqual([0x89, ...bytesOf("PNG")]);
    expect(await saved("Save SVG")).toEqual(bytesOf("<svg"));
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog.take"), { polling: 50 });
  });

  test("stops long work when it is told to, and drops what is stale", async () => {
    await visit("why=rise");
    await page.waitForSelector(".card progress:not(.hidden)");
    await page.$eval(".card .work button", (button) => (button as HTMLButtonElement).click());
    await page.waitForFunction(
      () => document.querySelector(".card .work")?.textContent?.includes("Stopped"),
      { polling: 50 },
    );
    // Another picture asks anew; a class that is not asked about any more gets no answer.
    await page.evaluate(() => window.vitrine.store.set({ image: "24016" }));
    await page.waitForSelector(".card progress:not(.hidden)");
    await page.evaluate(() => window.vitrine.store.set({ why: ["saliency"], target: 2 }));
    // Between the dropped work and the new, nothing is under way for a moment.
    await page.waitForFunction(() => window.vitrine.questions().why.answers.cards[0]?.answer);
    await done();
    const cards = await page.evaluate(() =>
      window.vitrine
        .questions()
        .why.answers.cards.map(({ request, answer }) => [request.technique.name, request.subject, !!answer]),
    );
    expect(cards).toEqual([["saliency", 2, true]]);
    expect(await page.$(".toast.error")).toBeNull();
    await page.evaluate(() => window.vitrine.store.set({ why: [] }));
    expect(await page.$eval(".dock", (dock) => dock.classList.contains("hidden"))).toBe(true);
  });

  test("says what goes wrong where something is drawn, and the rest goes on", async () => {
    const earlier = complaints.length;
    await page.evaluate(() => {
      const { store, questions } = window.vitrine;
      const fail = () => {
        stop();
        throw new Error("the ink ran out");
      };
      const stop = questions().why.answers.changed.listen(fail);
      store.set({ why: ["saliency"] });
    });
    await page.waitForSelector(".toast.error");
    expect(await text(".toast.error span")).toBe("the ink ran out");
    await done();
    expect(await page.$(".card:not(.empty)")).not.toBeNull();
    expect(complaints.splice(earlier)).toEqual([expect.stringContaining("the ink ran out")]);
    await page.evaluate(() => {
      document.querySelector(".toast")?.remove();
      window.vitrine.store.set({ why: [] });
    });
  });

  test("moves at once for those who ask for no motion", async () => {
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await page.evaluate(() => window.vitrine.store.set({ layer: undefined }));
    await settled(page);
    const frames = () => page.evaluate(() => window.vitrine.session().room.frames);
    const before = await frames();
    await page.evaluate(() => window.vitrine.store.set({ layer: "conv3_1", layout: "sheet" }));
    await settled(page);
    expect((await frames()) - before).toBeLessThanOrEqual(3);
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "no-preference" }]);
  });

  test("keeps its state in the address and takes it up again", async () => {
    await openAt(
      page,
      served.url,
      "image=24024&layer=conv3_2&channel=7&voxel=3,4&layout=stack&explode=0.5&threshold=0.2&scale=map&colors=viridis",
    );
    const state = await page.evaluate(() => window.vitrine.store.state);
    expect(state).toMatchObject({
      image: "24024",
      layer: "conv3_2",
      channel: 7,
      y: 3,
      x: 4,
      layout: "stack",
      explode: 0.5,
      threshold: 0.2,
      scale: "map",
      colors: "viridis",
    });
    await page.evaluate(() =>
      window.vitrine.store.set({ layer: "conv2_1", channel: 2, y: undefined, x: undefined }),
    );
    await page.waitForFunction(
      () => location.hash.includes("layer=conv2_1") && location.hash.includes("channel=2"),
    );
    expect(await page.evaluate(() => location.hash)).toContain("colors=viridis");
    expect(await page.evaluate(() => location.hash)).not.toContain("voxel");
  });

  test("takes an address with nonsense in it", async () => {
    await openAt(
      page,
      served.url,
      "image=-4&layer=nothing&channel=9e9&voxel=a,b&threshold=7&colors=red&view=1,2&why=magic,saliency&target=x&versus=x&ends=all&weighs=nothing&strength=7",
    );
    expect(await page.evaluate(() => window.vitrine.store.state)).toMatchObject({
      layout: "sheet",
      threshold: 0.1,
      colors: "inferno",
      why: ["saliency"],
      ends: "robust",
      strength: 0.75,
    });
    expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBeUndefined();
    expect(await page.$$eval(".answers li", (items) => items.length)).toBe(5);
  });

  test("names what is wrong with a file, and the room stays", async () => {
    const said = async (words: RegExp): Promise<void> => {
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector(".toast")?.textContent ?? ""),
        { polling: 50 },
        words.source,
      );
    };
    await drop(page, { name: "notes.txt", type: "text/plain", bytes: bytesOf("hello") });
    await said(/notes\.txt/);
    await drop(page, { name: "broken.png", type: "image/png", bytes: [1, 2, 3] });
    await said(/broken\.png/);
    await drop(page, { name: "model.json", type: "application/json", bytes: bytesOf("{ no json") });
    await said(/model\.json/);
    await drop(page, { name: "model.json", type: "application/json", bytes: bytesOf(tinyModel().manifest) });
    await said(/tiny\.bin/);
    expect(await page.evaluate(() => window.vitrine.session().graph.name)).toBe("vitrine");
    expect(await page.$$eval(".answers li", (items) => items.length)).toBe(5);
    expect(await page.$(".notice")).toBeNull();
  });

  test("works on a model that is dropped, and on a picture", async () => {
    const { manifest, weights } = tinyModel();
    await drop(
      page,
      { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
      { name: "tiny.bin", type: "", bytes: [...weights] },
    );
    await page.waitForFunction(
      () =>
        window.vitrine.session()?.graph.name === "tiny" && window.vitrine.session().predictions.length === 3,
    );
    expect(await page.$$eval(".strip button", (blocks) => blocks.length)).toBe(4);
    const png = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(40, 20);
      const context = canvas.getContext("2d");
      if (context) {
        context.fillStyle = "#c02010";
        context.fillRect(0, 0, 40, 20);
      }
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    await drop(page, { name: "red.png", type: "image/png", bytes: png });
    await page.waitForFunction(() => window.vitrine.session().shown?.title === "red.png");
    expect(await page.evaluate(() => window.vitrine.store.state.image)).toBeUndefined();
    const sum = await page.evaluate(() =>
      window.vitrine.session().predictions.reduce((sum, { probability = 0 }) => sum + probability, 0),
    );
    expect(sum).toBeCloseTo(1, 5);
  });

  // Pixels as libvips decodes them, as for the golden values: Chrome's own JPEG decoder differs by a level here and there.
  test.skipIf(!HAVE_SHARED)("gives a public network's golden answers in Chrome", async () => {
    const name = "mobilenet_v1_0.25_224";
    const folder = `../shared/models/${name}`;
    const files = readdirSync(folder).filter((file) => !/LICENSE|SOURCE/.test(file));
    await drop(
      page,
      ...files.map((file) => ({ name: file, type: "", bytes: [...readFileSync(`${folder}/${file}`)] })),
    );
    await page.waitForFunction(() => {
      const session = window.vitrine.session();
      return session?.graph.layers.length > 60 && session.predictions.length === 5;
    });
    const before = await page.evaluateHandle(() => window.vitrine.session().predictions);
    const [golden] = goldenOf(name);
    if (!golden) throw new Error("expected golden values");
    const bytes = [...(await encodePng(await readPhotograph(golden)))];
    await drop(page, { name: "photograph.png", type: "image/png", bytes });
    await page.waitForFunction((old) => window.vitrine.session().predictions !== old, {}, before);
    const answers = await page.evaluate(() => window.vitrine.session().predictions);
    expect(answers.length).toBe(5);
    for (const [place, [index, probability]] of golden.top5.entries()) {
      if (probability < 2e-3) continue; // below this, places may change within the tolerance
      expect(answers[place]?.index).toBe(index);
      expect(Math.abs((answers[place]?.probability ?? 0) - probability)).toBeLessThan(1e-3);
    }
  });

  test("builds the room again when the device is lost", async () => {
    await openAt(page, served.url, "layer=conv3_1");
    const before = complaints.length;
    await page.evaluate(() => window.vitrine.session().device.destroy());
    await page.waitForFunction(() => document.querySelector(".toast")?.textContent?.includes("built again"), {
      polling: 50,
    });
    expect(await page.$$eval("canvas.room", (canvases) => canvases.length)).toBe(1);
    expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBe("conv3_1");
    await settled(page);
    expect(await page.evaluate(() => window.vitrine.session().room.drawsFromActivations())).toBe(true);
    expect(await page.$$eval(".answers li", (items) => items.length)).toBe(5);
    expect(complaints.slice(before)).toEqual([]);
  });

  test("fits a phone", async () => {
    await page.setViewport({ width: 390, height: 844 });
    await page.evaluate(() => new Promise(requestAnimationFrame));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const [, image] = await page.$$(".tabs button");
    await image?.click();
    const box = await (await page.$(".panel.left"))?.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(390);
    await page.setViewport({ width: 1440, height: 900 });
  });

  test("says in plain words that WebGPU is missing", async () => {
    const bare = await browser.newPage();
    try {
      await bare.evaluateOnNewDocument(() => {
        Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
      });
      await bare.goto(served.url);
      await bare.waitForSelector(".notice h2");
      expect(await bare.$eval(".notice", (notice) => notice.textContent)).toMatch(/needs WebGPU.*Chrome/s);
    } finally {
      await bare.close();
    }
  });
});

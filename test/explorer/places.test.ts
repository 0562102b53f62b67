import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, settled, textOf } from "./open-page.ts";
import { PAINTED, paintedModel } from "./painted-model.ts";
import { type Served, serveExplorer } from "./serve.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;

async function open(head: "softmax" | "sigmoid"): Promise<void> {
  const { manifest, weights } = paintedModel(head);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: "painted.bin", type: "", bytes: [...weights] },
  );
  await page.waitForFunction(
    (scores) => {
      const session = window.vitrine.session();
      return session?.graph.name === "painted" && session.head.scores === scores && session.labels;
    },
    { polling: 100 },
    head,
  );
}

/** The class of each place as the page has it, and the middle of one that has a class, on the page. */
const placeOf = (label: string) =>
  page.evaluate((label) => {
    const { composed, head, inputSize, labels } = window.vitrine.session();
    const [height, width] = inputSize;
    const index = label === "" ? -1 : (head.labels?.indexOf(label) ?? -1);
    const place = labels?.data.indexOf(index) ?? -1;
    const [y, x] = [Math.floor(place / width), place % width];
    const box = composed.getBoundingClientRect();
    return {
      ...{ index, y, x },
      left: box.left + ((x + 0.5) / width) * box.width,
      top: box.top + ((y + 0.5) / height) * box.height,
      // The largest of the softmax by hand.
      scores: [...(labels?.scores.data.slice(place * head.channels, (place + 1) * head.channels) ?? [])],
    };
  }, label);

/** A class that is no legend's first, and yet in the picture. */
const another = () =>
  page.evaluate(() => {
    const { labels } = window.vitrine.session();
    return labels?.areas[1]?.name ?? "";
  });

/** Waits until every map, and the decoder's, is there. */
const done = () =>
  page.waitForFunction(
    () => !window.vitrine.questions().why.answers.busy && !window.vitrine.session().tasks.busy,
    { polling: 100 },
  );

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1280, height: 800 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openAt(page, served.url);
  await open("softmax");
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test("the classes of places have a legend, and the one under the cursor is named", async () => {
  const areas = await page.evaluate(() => window.vitrine.session().labels?.areas ?? []);
  expect(areas.length).toBeGreaterThan(1);
  const rows = await page.$$eval(".classes button", (buttons) => buttons.map((button) => button.textContent));
  expect(rows).toEqual(areas.map(({ name, share }) => `${name}${(100 * share).toFixed(1)} %`));
  const label = await another();
  const { left, top, index, scores } = await placeOf(label);
  await page.mouse.move(left, top);
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  const probability = (100 * Math.exp(scores[index] ?? 0)) / sum;
  const said = await page.$eval(".tip:not(.hidden)", (tip) => tip.textContent ?? "");
  expect(said).toContain(`${label} ${probability.toFixed(1)} %`);
  expect(await textOf(page, ".classes button.pointed")).toContain(label);
});

test("a click asks why the class is there; the address brings it back, Escape asks of all of it", async () => {
  const label = await another();
  const { left, top, index, y, x } = await placeOf(label);
  await page.mouse.click(left, top);
  await done();
  expect(await page.evaluate(() => window.vitrine.store.state)).toMatchObject({
    ...{ target: index, at: [y, x], why: ["grad-cam"] },
  });
  expect(await textOf(page, ".dock h2")).toBe(`Why ${label} at (${y}, ${x})?`);
  const mapOf = () =>
    page.evaluate(() => [...(window.vitrine.questions().why.answers.cards[0]?.answer?.found.data ?? [])]);
  const here = await mapOf();
  await page.waitForSelector(".decoder button.map");
  const tiles = await page.$$eval(".decoder .tile", (all) => all.map((tile) => tile.textContent));
  expect(tiles).toEqual([
    expect.stringMatching(/^quarter16 × 16 · \d+ %$/),
    expect.stringMatching(/^wide32 × 32 · \d+ %$/),
    expect.stringMatching(/^classes\S*64 × 64 · \d+ %$/),
  ]);
  await page.click(".card .head button");
  expect(await textOf(page, "dialog.take pre")).toContain(`--target ${label} --at ${y},${x}`);
  await page.evaluate(() => document.querySelector<HTMLDialogElement>("dialog.take")?.close());
  await page.waitForFunction(() => !document.querySelector("dialog.take"), { polling: 50 });

  const address = await page.evaluate(() => window.vitrine.store.address);
  expect(address).toContain(`at=${y},${x}`);
  await page.evaluate(() => window.vitrine.store.set({ at: undefined }));
  await done();
  expect(await mapOf()).not.toEqual(here);
  await page.evaluate((address) => {
    location.hash = address;
  }, address);
  await page.waitForFunction(() => window.vitrine.store.state.at, { polling: 50 });
  await done();
  expect(await mapOf()).toEqual(here);

  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("Escape");
  await done();
  const asked = await page.evaluate(() => {
    const { target, at } = window.vitrine.store.state;
    return { target, place: at ?? "anywhere" };
  });
  expect(asked).toEqual({ target: index, place: "anywhere" });
  expect(await textOf(page, ".dock h2")).toBe(`Why ${label}?`);
  await page.click(".decoder .tile:first-child .map");
  expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBe("quarter");
});

test("a place with no label is named so, and is not asked", async () => {
  await open("sigmoid");
  const place = await placeOf("");
  expect(place.y).toBeGreaterThanOrEqual(0);
  await settled(page);
  await page.mouse.move(place.left, place.top);
  expect(await page.$eval(".tip:not(.hidden)", (tip) => tip.textContent)).toContain("no class");
  expect(await textOf(page, ".classes .none")).toMatch(/^no class/);
  await page.mouse.click(place.left, place.top);
  expect(await page.evaluate(() => window.vitrine.store.state.why)).toEqual([]);
  expect(PAINTED).toContain(await page.evaluate(() => window.vitrine.session().labels?.areas[0]?.name));
});

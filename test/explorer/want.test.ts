import { join } from "node:path";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { State } from "../../demo/questions.ts";
import { DREAMS, FIRST } from "../../demo/want/dreams.ts";
import { growingOf, pixelsOf } from "../../demo/want/growing.ts";
import { usualSteps } from "../../demo/want/growth.ts";
import { readNpy } from "../../src/node/npy.ts";
import { launchBrowser } from "../browser.ts";
import { folder, vitrine } from "../cli/run.ts";
import { relativeDistance } from "../reference/numbers.ts";
import { countHeld, heldBy } from "./held.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, settled, textOf } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { chainOf } from "./tiny-model.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

/** Waits until nothing grows any more. */
const done = () =>
  page.waitForFunction(
    () => !window.vitrine.questions().want.answers.busy && !window.vitrine.session().tasks.busy,
    { polling: 50 },
  );

const set = (state: Partial<State>) => page.evaluate((state) => window.vitrine.store.set(state), state);

/** The picture that has grown, and what is said of it. */
const dream = () =>
  page.evaluate(() => {
    const { answers } = window.vitrine.questions().want;
    const card = answers.card("dream");
    const [shown] = card ? answers.picturesOf(card) : [];
    const judged = shown?.picture?.judged;
    return {
      about: shown?.name,
      stage: card && answers.progressOf(card).stage,
      step: shown?.picture?.step,
      data: [...(shown?.picture?.data ?? [])],
      curve: [...(judged?.curve ?? [])],
      says: judged?.prediction && window.vitrine.session().nameOf(judged.prediction.index),
    };
  });

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1280, height: 800 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await countHeld(page);
  await openAt(page, served.url, "layer=conv1&channel=3&steps=3");
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test("a software adapter takes fewer steps", () => {
  for (const technique of DREAMS) {
    expect(usualSteps(technique, true)).toBeLessThanOrEqual(64);
    expect(usualSteps(technique, false)).toBe(technique.options.steps?.default ?? 256);
  }
});

test("a picture in 8 bits is the picture again", () => {
  const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(0, 1, 127, 128, 254, 255) };
  expect(pixelsOf(growingOf(pixels))).toEqual(pixels);
});

test("the page grows what a channel wants, says what the network makes of it, and brings it back by its address", async () => {
  expect(await textOf(page, ".wants button")).toBe("What does conv1 · map 3 want?");
  await page.keyboard.press("v");
  await done();
  const grown = await dream();
  expect(grown).toMatchObject({ about: "conv1 · map 3", stage: "done", says: expect.any(String) });
  expect(grown.curve).toHaveLength(3);
  expect(grown.data).toHaveLength(96 * 96 * 3);
  expect(new Set(grown.data).size).toBeGreaterThan(100);
  expect(await textOf(page, ".wanted h2")).toBe("What does conv1 · map 3 want?");
  const account = await textOf(page, ".wanted .account");
  expect(account).toContain(`Network says${grown.says}`);
  expect(account).toContain("Mean activation");
  // What is drawn is what was made.
  const painted = await page.$eval(".grown canvas", (canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    return [
      ...((canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? []),
    ];
  });
  const rounding = painted
    .filter((_, i) => i % 4 < 3)
    .map((value, i) => Math.abs(value - 255 * (grown.data[i] ?? Number.NaN)));
  expect(Math.max(...rounding)).toBeLessThanOrEqual(0.5);

  await page.click(".wanted header button");
  const command = await textOf(page, "dialog.take pre");
  expect(command).toBe(`vitrine visualize ${FIRST} --layer conv1 --channel 3 --steps 3 --out ${FIRST}.png`);
  await page.evaluate(() => document.querySelector<HTMLDialogElement>("dialog.take")?.close());

  const out = join(folder, "same.npy");
  const words = command.replace(`${FIRST}.png`, out).split(" ");
  expect(await vitrine(words.slice(1))).toMatchObject({ code: 0 });
  const { data: same, shape } = await readNpy(out);
  expect(shape).toEqual([1, 96, 96, 3]);
  // Another GPU's sums are rounded otherwise.
  expect(relativeDistance(same, grown.data)).toBeLessThan(1e-3);

  const address = await page.evaluate(() => window.vitrine.store.address);
  expect(address).toContain("want=dream");
  await openAt(page, served.url, address);
  await done();
  expect((await dream()).data).toEqual(grown.data);
  await page.keyboard.press("n");
  await done();
  expect((await dream()).data).not.toEqual(grown.data);
  expect(complaints).toEqual([]);
});

test("a picture that grows is seen, can be stopped, and goes when something else is selected; all is freed", async () => {
  await set({ want: [], seed: 0 });
  await settled(page);
  const before = await heldBy(page);
  const memory = () => page.evaluate(() => window.vitrine.session().networks.memory);
  const held = await memory();
  /** What was stopped ends when its last steps are done. */
  const freed = () =>
    page.waitForFunction((held) => window.vitrine.session().networks.memory === held, { polling: 50 }, held);
  await set({ want: ["dream"], channel: 5, steps: 9999 });
  const grows = () =>
    page.waitForFunction(() => /after/.test(document.querySelector(".grown .caption")?.textContent ?? ""), {
      polling: 50,
    });
  await grows();
  expect(await textOf(page, ".grown .caption")).toMatch(/^after \d+ steps?$/);
  expect(await memory()).toBeGreaterThan(held);
  await page.click(".wanted .work button");
  await done();
  expect(await textOf(page, ".wanted .work span")).toBe("Stopped");
  expect(await textOf(page, ".grown .caption")).toMatch(/^after \d+ steps?$/);
  await freed();
  expect(await heldBy(page)).toEqual(before);

  await page.click(".wanted .work button");
  await page.waitForFunction(() => window.vitrine.session().tasks.busy, { polling: 50 });
  await set({ channel: 6, steps: 2 });
  await done();
  expect(await dream()).toMatchObject({ about: "conv1 · map 6", stage: "done" });
  await freed();
  expect(await heldBy(page)).toEqual(before);
  await set({ want: [] });
  expect(await page.$eval(".wanted", (dock) => dock.classList.contains("hidden"))).toBe(true);
  expect(complaints).toEqual([]);
});

/** The pictures of a card, and what is said beside them. */
const cardOf = (ask: string) =>
  page.evaluate((ask) => {
    const { answers } = window.vitrine.questions().want;
    const card = answers.card(ask);
    if (!card) throw new Error(`no card for ${ask}`);
    return {
      stage: answers.progressOf(card).stage,
      pictures: answers.picturesOf(card).map(({ name, picture }) => ({
        ...{ name, shape: picture?.shape, nothing: picture?.nothing, says: picture?.says },
      })),
      facts: answers.grownOf(card).flatMap(({ facts = [] }) => facts),
      command: card.command(),
      lacks: card.lacks,
    };
  }, ask);

test("a layer has a wall, the picture is dreamt of, inverted, drawn, attacked; a channel that is dead says so", async () => {
  const { manifest, weights } = chainOf("small", 16, [
    { conv: "never", filters: 3, bias: -1000 },
    { conv: "look", filters: 5 },
    { mean: "mean" },
    { dense: "say", units: 3 },
  ]);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: "small.bin", type: "", bytes: [...weights] },
  );
  await page.waitForFunction(
    () => window.vitrine.session()?.graph.name === "small" && window.vitrine.session().predictions.length > 0,
    { polling: 50 },
  );
  await set({ layer: "look", want: ["deep-dream", "wall"] });
  await done();
  const dreamt = await page.evaluate(() => {
    const { answers } = window.vitrine.questions().want;
    const card = answers.card("deep-dream");
    return card && answers.picturesOf(card)[0]?.picture?.shape;
  });
  expect(dreamt).toEqual([16, 16, 3]);
  expect(await page.$$eval(".wall button", (tiles) => tiles.map((tile) => tile.title.split(":")[0]))).toEqual(
    ["map 0", "map 1", "map 2", "map 3", "map 4"],
  );
  await page.click(".wall button:nth-child(3)");
  expect(await page.evaluate(() => window.vitrine.store.state.channel)).toBe(2);
  await set({ want: ["feature-inversion", "efros-leung", "neural-style", "attack", "fooling"] });
  expect((await cardOf("fooling")).lacks).toBe("Choose a class above to fool the network with.");
  await set({ of: 1 });
  await done();
  const inverted = await cardOf("feature-inversion");
  expect(inverted.pictures.map(({ name }) => name)).toEqual(["never", "look"]);
  expect(inverted.stage).toBe("failed");
  expect(inverted.pictures[1]?.says).toMatch(/^distance [\d.]+ %$/);
  expect(await textOf(page, ".wanted .work.failed span")).toContain("zeros only");
  expect((await cardOf("efros-leung")).pictures[0]?.shape).toEqual([16, 16, 3]);
  expect((await cardOf("neural-style")).command).toMatch(
    /^vitrine dataset .*\nvitrine dataset .*\nvitrine style \S+ 24029\.png --model FOLDER --content-layers \S+ --style-layers \S+ .*--init content/s,
  );
  const attacked = await cardOf("attack");
  expect(attacked.pictures.map(({ name }) => name)).toEqual(["picture", "attacked", "difference ×10"]);
  expect(attacked.facts.map(([term]) => term)).toEqual([
    "The attack",
    "JPEG 75",
    "blur 1",
    "4 bits",
    "median 3",
  ]);
  expect(attacked.command).toMatch(/^vitrine attack pgd synthetic:\d+ --model FOLDER --epsilon 8 --defences/);
  expect((await cardOf("fooling")).pictures[0]?.says).toMatch(/^class 1, [\d.<> ]+ %; \d+ steps$/);
  await page.evaluate(() => window.vitrine.store.set({ of: undefined }));
  await set({ layer: "never", channel: 1, want: ["dream"], steps: 2 });
  await done();
  expect(await textOf(page, ".grown .nothing")).toContain("does not fire");
  expect(await page.$eval(".grown", (grown) => grown.classList.contains("empty"))).toBe(true);
  expect(complaints).toEqual([]);
});

import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, settled, textOf } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { type ChainLayer, chainOf } from "./tiny-model.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 1100, height: 900 });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openAt(page, served.url);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** Puts a network that ends so into the room, and waits for its answer. */
async function enter(name: string, ...end: readonly ChainLayer[]): Promise<void> {
  const { manifest, weights } = chainOf(name, 8, [{ conv: "look", filters: 4 }, { mean: "mean" }, ...end]);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: `${name}.bin`, type: "", bytes: [...weights] },
  );
  await page.waitForFunction(
    (name) =>
      window.vitrine.session()?.graph.name === name && window.vitrine.session().predictions.length > 0,
    { polling: 50 },
    name,
  );
  await settled(page);
}

/** Does something after which the network answers anew, and waits for that. */
async function anew(change: () => Promise<unknown>): Promise<void> {
  const before = await page.evaluateHandle(() => window.vitrine.session().predictions);
  await change();
  await page.waitForFunction(
    (old) => {
      const answers = window.vitrine.session()?.predictions ?? [];
      return answers !== old && answers.length > 0;
    },
    { polling: 50 },
    before,
  );
  await settled(page);
}

const said = () => page.$$eval(".answers li", (items) => items.map((item) => item.textContent ?? ""));
const unit = () => textOf(page, "section:has(.answers) h2 small");
/** The values of a layer, in double precision as the page has them. */
const values = (layer: string) =>
  page.evaluate(async (layer) => [...(await window.vitrine.session().readActivation(layer))], layer);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

test("a yes or no is said with both its sides, and each can be asked", async () => {
  await enter("binary", { dense: "say", units: 1, activation: "sigmoid" });
  const [probability = 0] = await values("say");
  expect(probability).toBeGreaterThan(0.001);
  const sides = [`yes${percent(probability)}`, `no${percent(1 - probability)}`];
  expect([...(await said())].sort()).toEqual(sides.sort());
  expect(await unit()).toBe("probability, yes or no");
  await page.evaluate(() => window.vitrine.store.set({ why: ["gradient-input"], target: 0, versus: 1 }));
  await page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });
  const maps = await page.evaluate(() =>
    window.vitrine
      .questions()
      .why.answers.cards.map(({ about, answer }) => ({ about, values: [...(answer?.robust.values ?? [])] })),
  );
  expect(maps.map(({ about }) => about)).toEqual(["yes", "no"]);
  expect(Math.max(...(maps[0]?.values ?? []).map(Math.abs))).toBeGreaterThan(0);
  // The no's logit is minus the yes's: so is its map.
  for (const [i, value] of (maps[1]?.values ?? [Number.NaN]).entries())
    expect(value).toBeCloseTo(-(maps[0]?.values[i] ?? Number.NaN), 6);
});

test("labels are said each by itself", async () => {
  await enter("labels", { dense: "say", units: 3, activation: "sigmoid" });
  const shares = await values("say");
  expect(shares.reduce((sum, share) => sum + share)).not.toBeCloseTo(1, 2);
  expect([...(await said())].sort()).toEqual(shares.map((share, i) => `label ${i}${percent(share)}`).sort());
  expect(await unit()).toBe("probability of each");
});

test("a value has no percent, and of several outputs each can be chosen", async () => {
  await enter("two", { value: "age" }, { dense: "kind", units: 3 });
  const [age = 0] = await values("age");
  expect(await unit()).toBe("value");
  const [answer = ""] = await said();
  expect(Number(answer.replace("value 0", "").replace("−", "-"))).toBeCloseTo(age, 2);
  expect(answer).not.toContain("%");
  await page.evaluate(() => window.vitrine.store.set({ why: ["saliency"] }));
  await page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });
  const map = () =>
    page.evaluate(() => [...(window.vitrine.questions().why.answers.cards[0]?.answer?.robust.values ?? [])]);
  const ofAge = await map();
  await anew(() => page.select('select[aria-label="Output that is asked"]', "kind"));
  expect(await unit()).toBe("probability");
  expect(await said()).toHaveLength(3);
  expect(await page.evaluate(() => window.vitrine.store.state.output)).toBe("kind");
  await page.waitForFunction(() => location.hash.includes("output=kind"));
  // What was asked of one output is asked again of the other: another map, though the same number.
  await page.evaluate(() => window.vitrine.store.set({ target: 0 }));
  await page.waitForFunction(() => !window.vitrine.questions().why.answers.busy, { polling: 100 });
  expect(await map()).not.toEqual(ofAge);
  expect(await textOf(page, ".dock h2")).toBe("Why class 0?");
});

test("what is assumed of a bare vector is said, and can be said otherwise", async () => {
  await enter("bare", { dense: "say", units: 3, activation: "linear" });
  const logits = await values("say");
  expect(await unit()).toBe("probability");
  expect(await textOf(page, ".answers ~ .reading .note")).toMatch(/^Assumed/);
  await page.evaluate(() => window.vitrine.store.set({ layer: "look" }));
  await anew(() => page.select('.left select[aria-label="What its numbers are"]', "sigmoid"));
  const shares = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  expect([...(await said())].sort()).toEqual(shares.map((share, i) => `label ${i}${percent(share)}`).sort());
  // What was looked at stays.
  expect(await page.evaluate(() => window.vitrine.store.state.layer)).toBe("look");
  await anew(() => page.select('.left select[aria-label="What its numbers are"]', "values"));
  expect(await unit()).toBe("value");
});

test("guessed preprocessing is said with the picture, and can be said otherwise", async () => {
  await enter("guess", { dense: "say", units: 3 });
  expect(await textOf(page, ".picture + .reading .note")).toMatch(/guessed/);
  const input = () => page.evaluate(() => [...window.vitrine.session().input]);
  const before = await input();
  await anew(() => page.select('.left select[aria-label="How the picture’s values are scaled"]', "signed"));
  const after = await input();
  // v = (p / 255 − ½) / ½ in place of p / 255.
  for (const [i, value] of after.entries()) expect(value).toBeCloseTo(2 * (before[i] ?? Number.NaN) - 1, 5);
  expect(await page.$(".left .picture + .reading:not(.hidden)")).toBeNull();
  // Among the network's facts it can be changed again.
  await page.evaluate(() => window.vitrine.store.set({ layer: undefined, channel: undefined }));
  await anew(() => page.select('.right select[aria-label="How the picture’s values are scaled"]', "unit"));
  expect(await input()).toEqual(before);
});

test("a network that pictures cannot be shown to says so", async () => {
  const { manifest, weights } = chainOf(
    "pair",
    8,
    [{ conv: "look", filters: 4 }, { mean: "mean" }, { dense: "say", units: 3 }],
    2,
  );
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: "pair.bin", type: "", bytes: [...weights] },
  );
  await page.waitForFunction(
    () => window.vitrine.session()?.graph.name === "pair" && !document.querySelector(".notice"),
    { polling: 50 },
  );
  expect(await textOf(page, ".toast.error")).toMatch(/"pair".*1 or 3 channels/);
});

import { join } from "node:path";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { State } from "../../demo/questions.ts";
import { readNpy } from "../../src/node/npy.ts";
import { launchBrowser } from "../browser.ts";
import { folder, vitrine } from "../cli/run.ts";
import { relativeDistance } from "../reference/numbers.ts";
import { bytesOf, drop, type OpenPage, openAt, PATIENCE, textOf } from "./open-page.ts";
import { type Served, serveExplorer } from "./serve.ts";
import { chainOf } from "./tiny-model.ts";

declare const window: { readonly vitrine: OpenPage };

let served: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

const done = () =>
  page.waitForFunction(
    () => !window.vitrine.questions().want.answers.busy && !window.vitrine.session().tasks.busy,
    { polling: 50 },
  );

const set = (state: Partial<State>) => page.evaluate((state) => window.vitrine.store.set(state), state);

/** The pictures of a unit, and what is said of them. */
const dream = () =>
  page.evaluate(() => {
    const { answers } = window.vitrine.questions().want;
    const card = answers.card("dream");
    if (!card) throw new Error("no card");
    return {
      stage: answers.progressOf(card).stage,
      command: card.command(),
      notes: answers.grownOf(card).flatMap(({ notes = [] }) => notes),
      pictures: answers.picturesOf(card).map(({ name, picture }) => ({
        ...{ name, shape: picture?.shape, says: picture?.says, data: [...(picture?.data ?? [])] },
      })),
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
  await openAt(page, served.url);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test("a generator draws what a class wants, as the command line does", async () => {
  await set({ want: ["dream"], of: 3, by: "gan-prior", steps: 3 });
  await done();
  const grown = await dream();
  expect(grown).toMatchObject({ stage: "done", notes: [] });
  expect(grown.pictures[0]?.shape).toEqual([96, 96, 3]);
  const out = join(folder, "gan.npy");
  expect(grown.command).toMatch(/^vitrine visualize gan-prior --target \S+ --steps 3 --out gan-prior.png$/);
  const words = (grown.command ?? "").replace("gan-prior.png", out).split(" ");
  expect(await vitrine(words.slice(1))).toMatchObject({ code: 0 });
  expect(relativeDistance((await readNpy(out)).data, grown.pictures[0]?.data ?? [])).toBeLessThan(1e-3);
});

test("samples of a class differ, and stand side by side", async () => {
  await set({ by: "unit-samples", steps: 3 });
  await done();
  const { stage, pictures, command } = await dream();
  expect(stage).toBe("done");
  expect(pictures.map(({ name }) => name)).toEqual(["1", "2"]);
  expect(pictures[0]?.data).not.toEqual(pictures[1]?.data);
  expect(command).toContain("--samples 2 ");
  for (const { says } of pictures) expect(says).toMatch(/^\w+, [\d.<>\s]+%$/);
});

test("kinds of pictures that excite a class are found in the data set, or in pictures of one's own", async () => {
  await set({ by: "multifaceted", steps: 2 });
  await done();
  const { stage, pictures, notes, command } = await dream();
  expect(stage).toBe("done");
  expect(pictures).toHaveLength(2);
  const counts = pictures.map(({ says }) => Number(/^(\d+) pictures of this kind/.exec(says ?? "")?.[1]));
  expect(counts.reduce((sum, count) => sum + count)).toBe(64);
  expect(notes).toEqual([expect.stringContaining("those of the first")]);
  expect(await textOf(page, ".helper:not(.hidden) .note")).toContain("first 64 pictures of the data set");
  expect(command).toMatch(
    /^vitrine dataset --count 64 --size 96 --out naturals\nvitrine visualize multifaceted .* --clusters 2 --data naturals /,
  );
  // One is too few for two kinds; that is said.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(96, 96);
    canvas.getContext("2d")?.fillRect(20, 20, 50, 50);
    const blob = await canvas.convertToBlob();
    const file = new File([blob], "one.png", { type: "image/png" });
    window.vitrine.questions().want.answers.asked.naturals.open([file]);
  });
  await done();
  expect((await dream()).stage).toBe("failed");
  expect(await textOf(page, ".wanted .work.failed span")).toContain("natural pictures that excite");
  expect((await dream()).command).toContain("--data PICTURES");
  expect(complaints).toEqual([]);
});

test("a generator that does not fit says what is expected", async () => {
  const { manifest, weights } = chainOf("large", 128, [
    { conv: "look", filters: 3 },
    { mean: "mean" },
    { dense: "say", units: 3 },
  ]);
  await drop(
    page,
    { name: "model.json", type: "application/json", bytes: bytesOf(manifest) },
    { name: "large.bin", type: "", bytes: [...weights] },
  );
  await page.waitForFunction(
    () => window.vitrine.session()?.graph.name === "large" && window.vitrine.session().predictions.length > 0,
    { polling: 50 },
  );
  await set({ want: ["dream"], of: 1, by: "gan-prior", steps: 2 });
  await done();
  expect((await dream()).stage).toBe("failed");
  expect(await textOf(page, ".wanted .work.failed span")).toMatch(
    /at least .*128.*got .*96.*take a generator of larger pictures/,
  );
});

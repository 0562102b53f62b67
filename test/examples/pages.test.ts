import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, launchBrowser } from "../browser.ts";
import { type Served, serve } from "../package/serve.ts";

let folder: string;
let server: Served;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-examples-"));
  await build({
    configFile: "build/examples.ts",
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  server = await serve(folder);
  // A camera that shows a moving pattern.
  browser = await launchBrowser({
    args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["tfjs", /^star, Gram matrix 1 × \d+ × \d+$/],
  ["video", /^[a-z]+ \d+ %$/],
  ["style", /^192 × 144 pixels$/],
  ["three", /^conv1, map \d+ of 24, 48 × 48$/],
])("the page %s works", async (name, expected) => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`${server.url}${name}.html`);
  const text = (): Promise<string> =>
    page.evaluate(() => document.querySelector("output")?.textContent ?? "");
  await page.waitForFunction(() => !document.querySelector("output")?.textContent?.startsWith("Loading"));
  expect(await text()).toMatch(expected);
  expect(errors).toEqual([]);
  if (name === "three") {
    const canvas = await page.$("canvas");
    const shot = await page.evaluate(
      async (png) => {
        const bitmap = await createImageBitmap(await (await fetch(png)).blob());
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        context?.drawImage(bitmap, 0, 0);
        const { data } = context?.getImageData(0, 0, bitmap.width, bitmap.height) ?? { data: [] };
        return new Set(Array.from(data).filter((_, i) => i % 4 === 0)).size;
      },
      `data:image/png;base64,${await canvas?.screenshot({ encoding: "base64" })}`,
    );
    // An empty canvas has one grey.
    expect(shot).toBeGreaterThan(10);
  }
  await page.close();
});

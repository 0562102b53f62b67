import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "puppeteer";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packed } from "../../build/packed.ts";
import { wgsl } from "../../build/wgsl.ts";
import { composeFigure } from "../../src/figures/figure.ts";
import { rasterize } from "../../src/figures/rasterize.ts";
import { type Browser, launchBrowser } from "../browser.ts";

declare global {
  interface Window {
    readonly vitrineFigures: typeof import("./page.ts");
  }
}

const HTML =
  '<!doctype html><body><script type=module>import * as figures from "/page.js"; window.vitrineFigures = figures;</script>';

let browser: Browser;
let page: Page;
let server: Server;
const asked: string[] = [];

/** The modules as a page gets them, the rasteriser in files of its own. */
async function modules(): Promise<Map<string, string>> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    plugins: [wgsl(), packed()],
    build: {
      write: false,
      minify: false,
      target: "es2023",
      lib: { entry: "test/figures/page.ts", formats: ["es"], fileName: "page" },
    },
  });
  const outputs = [made].flat().flatMap((each) => ("output" in each ? each.output : []));
  return new Map(
    outputs.flatMap((each) => (each.type === "chunk" ? [[`/${each.fileName}`, each.code]] : [])),
  );
}

beforeAll(async () => {
  const files = await modules();
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const type = path === "/" ? "text/html" : "text/javascript";
    response.writeHead(200, { "content-type": `${type}; charset=utf-8` });
    response.end(path === "/" ? HTML : files.get(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** A figure with letters of several scripts, squares and a smooth map, as plain data for both sides. */
const PLAIN = {
  image: { width: 24, height: 16, data: Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 53) % 256) },
  map: Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  shape: [3, 4],
  kind: "cam" as const,
  title:
    "Grad-CAM: tabby cat (281), Füchse, лиса, 狐, and a title that is so long that it needs a second line below the first",
  subtitle: "∂S/∂x & <b> · layer conv5",
};
const figure = composeFigure({
  ...PLAIN,
  image: { ...PLAIN.image, data: Uint8Array.from(PLAIN.image.data) },
  map: Float32Array.from(PLAIN.map),
});

test("a figure has the same text and the same pixels in Chrome as in Node", async () => {
  const inChrome = await page.evaluate(async (plain) => {
    const { composeFigure, rasterize } = window.vitrineFigures;
    const figure = composeFigure({
      ...plain,
      image: { ...plain.image, data: Uint8Array.from(plain.image.data) },
      map: Float32Array.from(plain.map),
    });
    const { width, height, data } = await rasterize(figure);
    return { svg: figure.svg, width, height, data: [...data] };
  }, PLAIN);
  const { width, height, data } = await rasterize(figure);
  expect(inChrome.svg).toBe(figure.svg);
  expect([inChrome.width, inChrome.height]).toEqual([width, height]);
  expect(Buffer.from(inChrome.data).equals(Buffer.from(data))).toBe(true);
});

test("the rasteriser was fetched only when a figure was first rasterised", () => {
  const later = asked.filter((path) => path.includes("rasterizer"));
  expect(later).toHaveLength(2);
  expect(asked.indexOf("/page.js")).toBeLessThan(asked.indexOf(later[0] ?? ""));
});

test("drawn by Chrome, with whatever letters it has, no word leaves the figure", async () => {
  const { svg, width } = figure;
  const boxes = await page.evaluate((text: string) => {
    document.body.innerHTML = text;
    return [...document.querySelectorAll("svg text")].map((element) => {
      const { x, width, y, height } = (element as SVGTextElement).getBBox();
      return { left: x, right: x + width, top: y, bottom: y + height };
    });
  }, svg);
  expect(boxes.length).toBeGreaterThan(8);
  for (const { left, right } of boxes) expect([left >= 0, right <= width]).toEqual([true, true]);
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top + 4 || b.bottom <= a.top + 4;
      expect(apart, JSON.stringify([a, b])).toBe(true);
    }
  }
});

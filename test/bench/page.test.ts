import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../browser.ts";
import { type Served, serveExplorer } from "../explorer/serve.ts";

let served: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const requests: string[] = [];

const text = (selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element.textContent ?? "").trim());
const shown = (selector: string): Promise<boolean> =>
  page.$eval(selector, (element) => (element as HTMLElement).checkVisibility());

beforeAll(async () => {
  served = await serveExplorer();
  browser = await launchBrowser({ width: 390, height: 844 });
  page = await browser.newPage();
  page.setDefaultTimeout(110_000);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${served.url}bench.html?words=growth/gram-16&sizes=small&seconds=0.1`);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test("the form holds what the address says, and the address what the form says", async () => {
  expect(await page.$eval("#words", (input) => (input as HTMLInputElement).value)).toBe("growth/gram-16");
  expect(await text("#status")).toBe("1 case chosen.");
  await page.type("#words", "x");
  expect(await text("#status")).toBe("No case has a name with “growth/gram-16x”.");
  expect(await page.$eval("#run", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
  await page.focus("#words");
  await page.keyboard.press("Backspace");
  expect(new URL(page.url()).searchParams.get("words")).toBe("growth/gram-16");
  await page.type("#words", " nosuch");
  expect(await text("#status")).toBe("1 case chosen. No case has a name with “nosuch”.");
  for (let letter = 0; letter < " nosuch".length; letter++) await page.keyboard.press("Backspace");
});

test("a case runs on the visitor's device, and its report stands in the page", async () => {
  await page.click("#run");
  expect(await shown("#stop")).toBe(true);
  await page.waitForSelector("#report h2");
  expect(await text("#status")).toMatch(/^1 case in \d+ s/);
  expect(await text("#log")).toMatch(/Gram matrix of 16 channels: .* ms, tfjs .*×, onnxruntime .*×/);
  expect(await text("#report .warning")).toContain("software adapter");
  const who = await page.$$eval("#report .figures tbody td:first-child", (cells) =>
    cells.map((cell) => cell.textContent),
  );
  expect(who).toEqual(["vitrine", "tfjs", "onnxruntime", "full product"]);
  const plots = await page.$$eval("#report svg", (all) =>
    all.filter((plot) => plot.checkVisibility()).map((plot) => plot.getAttribute("aria-label")),
  );
  expect(plots).toEqual(["Time of the others over ours", "Roofline", "Time over size"]);
  expect(await shown("#stop")).toBe(false);
  expect(await shown("#downloads")).toBe(true);
  expect(complaints).toEqual([]);
  expect(requests.filter((url) => !url.startsWith(served.url) && !/^(blob|data):/.test(url))).toEqual([]);
});

test("nothing is wider than a phone, but for tables that scroll on their own", async () => {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll("*")]
      .filter((element) => !element.closest(".wide > *") && element.getBoundingClientRect().right > limit + 1)
      .map((element) => `${element.tagName} ${element.className} ${element.textContent?.slice(0, 40)}`);
  });
  expect(wide).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

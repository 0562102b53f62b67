import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path/posix";
import { gzipSync } from "node:zlib";
import type { ElementHandle } from "puppeteer";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { launchBrowser } from "../browser.ts";
import { linksOf, snippets } from "./readme.ts";
import { serve } from "./serve.ts";

const README = readFileSync("README.md", "utf8");

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-readme-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
  });
  const [{ files = [] } = {}] = JSON.parse(stdout) as [{ files?: { path: string }[] }?];
  const packed = new Set(files.map(({ path }) => path));
  const folders = new Set(
    files.flatMap(({ path }) => path.split("/").map((_, i, all) => all.slice(0, i).join("/"))),
  );
  const pages = files.map(({ path }) => path).filter((path) => path.endsWith(".md"));

  test("holds whatever the links of its pages lead to", () => {
    const links = pages.flatMap((page) => linksOf(page).map((to) => normalize(join(dirname(page), to))));
    expect(links.length).toBeGreaterThan(8);
    const lost = links.filter((to) => !packed.has(to) && !folders.has(to.replace(/\/$/, "")));
    expect(lost).toEqual([]);
  });

  test("brings nothing that a page has no use for but what is small", () => {
    const { dependencies, optionalDependencies } = packageJson as Record<string, unknown>;
    expect(Object.keys(dependencies ?? {}).sort()).toEqual([
      "fast-png",
      "fflate",
      "gifenc",
      "hyparquet",
      "hyparquet-compressors",
      "jsfive",
      "leven",
      "ml-matrix",
      "modern-tar",
      "tinyglobby",
      "umap-js",
    ]);
    expect(optionalDependencies).toBeUndefined();
    const { peerDependencies, peerDependenciesMeta } = packageJson;
    const optional = Object.entries(peerDependenciesMeta).filter(([, meta]) => meta.optional);
    expect(optional.map(([name]) => name).sort()).toEqual(Object.keys(peerDependencies).sort());
  });
});

describe("the README", () => {
  test("has a program for Node that runs as it stands", async () => {
    const program = snippets(README, "js").find((code) => code.includes("vitrine/node")) ?? "";
    const project = join(folder, "node");
    mkdirSync(join(project, "node_modules"), { recursive: true });
    symlinkSync(process.cwd(), join(project, "node_modules/vitrine"));
    writeFileSync(join(project, "look.mjs"), program);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const before = process.cwd();
    try {
      process.chdir(project);
      await import(/* @vite-ignore */ join(project, "look.mjs"));
      expect(log.mock.calls[0]?.join(" ")).toMatch(/^star \d+\.\d\d$/);
      expect(readFileSync("look.png").subarray(1, 4).toString()).toBe("PNG");
    } finally {
      process.chdir(before);
      log.mockRestore();
    }
  });

  test("has a page that runs as it stands: the library in one request, what rasterises figures in two", async () => {
    const [page = ""] = snippets(README, "html");
    writeFileSync(join(folder, "index.html"), page);
    const installed = join(folder, "node_modules/vitrine");
    await build({
      configFile: "build/bundle.ts",
      logLevel: "error",
      build: { outDir: join(installed, "dist") },
    });
    const bundle = readFileSync(join(installed, "dist/vitrine.min.js"));
    const [, size, compressed] = README.match(/in one file \((\d+) kB, (\d+) kB compressed\)/) ?? [];
    expect(Math.abs(bundle.length / 1000 / Number(size) - 1)).toBeLessThan(0.1);
    expect(Math.abs(gzipSync(bundle).length / 1000 / Number(compressed) - 1)).toBeLessThan(0.1);
    cpSync("models/vitrine", join(installed, "models/vitrine"), { recursive: true });
    const server = await serve(folder);
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      const errors: string[] = [];
      tab.on("pageerror", (error) => errors.push(String(error)));
      await tab.goto(`${server.url}index.html`);
      await tab.waitForFunction(() => document.querySelector("img")?.naturalWidth);
      const text = await tab.evaluate(() => document.querySelector("output")?.textContent);
      expect(text).toMatch(/^star, logit \d+\.\d\d$/);
      // Somebody's own picture, of another size.
      const chooser = (await tab.$("input")) as ElementHandle<HTMLInputElement> | null;
      await chooser?.uploadFile("docs/explorer.png");
      await tab.waitForFunction((old) => document.querySelector("output")?.textContent !== old, {}, text);
      expect(errors).toEqual([]);
      expect(server.asked.filter((path) => path.endsWith(".js")).sort()).toEqual([
        "/node_modules/vitrine/dist/vitrine.min.js",
        "/node_modules/vitrine/dist/vitrine.rasterizer-parts.min.js",
        "/node_modules/vitrine/dist/vitrine.rasterizer-wasm.min.js",
      ]);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

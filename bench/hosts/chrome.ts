import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, preview } from "vite";
import { type Browser, launchBrowser } from "../../build/browser.ts";
import type { AdapterChoice } from "../options.ts";
import type { Progress, SuiteOptions } from "../suite.ts";
import { commit, packageVersion, system } from "./machine.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Runs the suite in headless Chrome, in the very page that the built site has. */
export async function runInChrome(
  {
    signal,
    adapter,
    filter = [],
    sizes,
    effort,
  }: SuiteOptions & { readonly adapter?: AdapterChoice | undefined },
  tell: (progress: Progress) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
  const config = { configFile: resolve(ROOT, "vite.config.ts"), logLevel: "error" } as const;
  try {
    await build({ ...config, build: { outDir: folder, emptyOutDir: true } });
    const server = await preview({ ...config, build: { outDir: folder }, preview: { port: 0 } });
    const url = new URL("bench.html", server.resolvedUrls?.local[0]);
    const browser = await launch(adapter);
    try {
      await inPage(browser, url.href, async (run) => {
        const facts = {
          host: (await browser.version()).replace("/", " "),
          system: system(),
          commit: commit(),
          versions: { vitrine: packageVersion(), "jax-js": packageVersion("@jax-js/jax") },
        };
        const choice = {
          filter,
          sizes,
          effort,
        };
        await run(choice, facts, adapter === "low-power" ? "low-power" : undefined);
      });
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  async function inPage(
    browser: Browser,
    url: string,
    work: (run: NonNullable<Window["bench"]>["run"]) => Promise<void>,
  ): Promise<void> {
    const page = await browser.newPage();
    await page.exposeFunction("benchTell", tell);
    await page.goto(url);
    await page.waitForFunction("window.bench !== undefined");
    const stop = (): void => void page.evaluate(() => window.bench?.stop()).catch(() => {});
    signal?.addEventListener("abort", stop);
    const ended = new Promise<void>((done, fail) => {
      page.on("close", () => fail(new Error("the page closed before the run was over")));
      page.on("error", (error) => fail(new Error(`the page crashed: ${error.message}`)));
      page.exposeFunction("benchEnd", (failure?: string) => (failure ? fail(new Error(failure)) : done()));
    });
    ended.catch(() => {});
    await work(async (options, facts, powerPreference) => {
      // A run takes longer than one call to the browser may.
      await page.evaluate(
        (options, facts, powerPreference) => {
          const end = (window as unknown as { benchEnd: (failure?: string) => void }).benchEnd;
          window.bench?.run(options, facts, powerPreference).then(
            () => end(),
            (error: unknown) => end(String(error)),
          );
        },
        options,
        facts,
        powerPreference,
      );
      await ended;
    });
    signal?.removeEventListener("abort", stop);
  }
}

/** Chrome on the machine's GPU, or on its software adapter where that was asked for or there is no other. */
async function launch(adapter: AdapterChoice | undefined): Promise<Browser> {
  if (adapter !== "software") {
    const browser = await launchBrowser({ hardware: true, closeOnInterrupt: false });
    const page = await browser.newPage();
    // WebGPU is there on secure origins only; a page that the browser itself brings will do.
    await page.goto("chrome://version");
    const found = await page
      .evaluate(async () => {
        const found = await navigator.gpu?.requestAdapter();
        return found ? !found.info.isFallbackAdapter : false;
      })
      .catch(() => false);
    await page.close();
    if (found) return browser;
    await browser.close();
  }
  return launchBrowser({ closeOnInterrupt: false });
}

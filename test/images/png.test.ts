import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";
import { encodePng } from "../../src/images/png.ts";
import { readImage } from "../../src/node/image.ts";
import { launchBrowser } from "../browser.ts";

declare global {
  interface Window {
    readonly vitrinePng: typeof import("../../src/images/png.ts");
  }
}

const picture = {
  width: 37,
  height: 11,
  data: Uint8Array.from({ length: 37 * 11 * 3 }, (_, i) => (i * 97) % 256),
};

/** The function as a browser gets it: one script. */
async function bundled(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: { entry: "src/images/png.ts", formats: ["iife"], name: "vitrinePng" },
    },
  });
  const [output] = [made].flat();
  const chunk = output && "output" in output ? output.output[0] : undefined;
  if (!chunk) throw new Error("expected a bundle");
  return chunk.code;
}

test("a PNG made in a browser holds every pixel, and is the one made in Node", async () => {
  const code = await bundled();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: code });
    const bytes = await page.evaluate(
      async ({ width, height, data }) => [
        ...(await window.vitrinePng.encodePng({ width, height, data: Uint8Array.from(data) })),
      ],
      { ...picture, data: [...picture.data] },
    );
    const path = join(tmpdir(), `vitrine-png-${process.pid}.png`);
    expect(Uint8Array.from(bytes)).toEqual(await encodePng(picture));
    await writeFile(path, Uint8Array.from(bytes));
    const { width, height, data } = await readImage(path);
    expect([width, height]).toEqual([37, 11]);
    expect(Uint8Array.from(data)).toEqual(picture.data);
  } finally {
    await browser.close();
  }
});

test("pixels that do not fit are refused", async () => {
  await expect(encodePng({ ...picture, width: 36 })).rejects.toThrow(/expected 1188 values/);
});

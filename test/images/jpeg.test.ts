import { build } from "vite";
import { expect, test } from "vitest";
import { packed } from "../../build/packed.ts";
import { throughJpeg } from "../../src/images/jpeg.ts";
import { launchBrowser } from "../browser.ts";

declare global {
  interface Window {
    readonly vitrineJpeg: typeof import("../../src/images/jpeg.ts");
  }
}

/** The function as a page gets it, the codec packed in. */
async function bundled(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    plugins: [packed()],
    build: {
      write: false,
      minify: false,
      lib: { entry: "src/images/jpeg.ts", formats: ["iife"], name: "vitrineJpeg" },
    },
  });
  const [output] = [made].flat();
  const chunk = output && "output" in output ? output.output[0] : undefined;
  if (!chunk) throw new Error("expected a bundle");
  return chunk.code;
}

test("a picture through JPEG has the same bits in a browser as in Node", async () => {
  const picture = { width: 21, height: 13, data: Array.from({ length: 819 }, (_, i) => (i * 97) % 256) };
  const code = await bundled();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: code });
    const found = await page.evaluate(async ({ width, height, data }) => {
      const own = { width, height, data: Uint8ClampedArray.from(data) };
      return [...(await window.vitrineJpeg.throughJpeg(own, 75)).data];
    }, picture);
    const here = await throughJpeg({ ...picture, data: Uint8ClampedArray.from(picture.data) }, 75);
    expect(found).toEqual([...here.data]);
    expect(found).not.toEqual(picture.data);
  } finally {
    await browser.close();
  }
});

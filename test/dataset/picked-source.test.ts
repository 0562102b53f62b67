import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";
import { packed } from "../../build/packed.ts";
import { wgsl } from "../../build/wgsl.ts";
import { directorySource, filesSourceOf, type Source } from "../../src/dataset.ts";
import { decodeImage } from "../../src/node.ts";
import { launchBrowser } from "../browser.ts";
import { serve } from "../package/serve.ts";

declare global {
  interface Window {
    readonly vitrineDataset: typeof import("../../src/dataset.ts");
  }
}

const png = async (): Promise<File> => {
  const bytes = await decodePng();
  return new File([bytes], "x.png");
};
const decodePng = async () => {
  const { encodePng } = await import("../../src/images.ts");
  return encodePng({ width: 2, height: 1, data: Uint8Array.of(10, 20, 30, 40, 50, 60) });
};

async function entries(source: Source): Promise<(string | undefined)[][]> {
  const all: (string | undefined)[][] = [];
  for await (const { id, label, pixels } of source) {
    expect([...pixels.data]).toEqual([10, 20, 30, 40, 50, 60]);
    all.push([id, label]);
  }
  return all;
}

test("files that were picked: natural order, labels below the folder that was picked, other files left out", async () => {
  const file = await png();
  const decode = decodeImage;
  const picked = ["set/dog/10.png", "set/dog/9.png", "set/cat/1.png", "set/notes.txt", "set/.x.png"];
  const files = picked.map((path) => ({ path, file }));
  const source = filesSourceOf(files, { decode });
  expect([source.name, source.count, source.labels]).toEqual(["files", 3, ["cat", "dog"]]);
  expect(await entries(source)).toEqual([
    ["set/cat/1.png", "cat"],
    ["set/dog/9.png", "dog"],
    ["set/dog/10.png", "dog"],
  ]);
  const table = { name: "labels.csv", text: "1.png,one\n9.png,nine\n" };
  expect((await entries(filesSourceOf(files, { decode, labels: table }))).map(([, label]) => label)).toEqual([
    "one",
    "nine",
    undefined,
  ]);
  expect(await entries(filesSourceOf([file], { decode }))).toEqual([["x.png", undefined]]);
  expect(await filesSourceOf(files.toReversed()).digest()).toBe(await source.digest());
  expect(() => filesSourceOf([])).toThrow(/^data set "files": expected pictures, got none/);
  expect(() => filesSourceOf(5 as never)).toThrow(/expected a list of files, got 5/);
  await expect(directorySource("folder" as never)).rejects.toThrow(
    /expected a folder's handle, got "folder"/,
  );
});

test("in Chrome: a folder's handle, picked files, a tar and a Parquet file, decoded by the page", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-picked-"));
  const browser = await launchBrowser();
  await build({
    configFile: false,
    logLevel: "error",
    plugins: [wgsl({ comments: false }), packed()],
    build: {
      outDir: folder,
      minify: false,
      lib: { entry: "src/dataset.ts", formats: ["es"], fileName: () => "dataset.js" },
    },
  });
  for (const name of ["shard-000.tar", "train-0.parquet"]) {
    await writeFile(join(folder, name), await readFile(join("test/golden/data-files", name)));
  }
  await writeFile(
    join(folder, "index.html"),
    '<!doctype html><script type="module">import * as dataset from "./dataset.js"; window.vitrineDataset = dataset;</script>',
  );
  const server = await serve(folder);
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}index.html`);
    await page.waitForFunction(() => window.vitrineDataset);
    const found = await page.evaluate(async () => {
      const dataset = window.vitrineDataset;
      const picture = async (level: number): Promise<Blob> => {
        const canvas = new OffscreenCanvas(3, 2);
        const context = canvas.getContext("2d");
        if (context) context.fillStyle = `rgb(${level}, 0, 255)`;
        context?.fillRect(0, 0, 3, 2);
        return canvas.convertToBlob({ type: "image/png" });
      };
      const root = await navigator.storage.getDirectory();
      for (const [name, level] of [
        ["cat", 7],
        ["dog", 9],
      ] as const) {
        const inner = await root.getDirectoryHandle(name, { create: true });
        const handle = await inner.getFileHandle(`${level}.png`, { create: true });
        const stream = await handle.createWritable();
        await stream.write(await picture(level));
        await stream.close();
      }
      const all = async (source: import("../../src/dataset.ts").Source) => {
        const pictures = [];
        for await (const { id, label, pixels } of source)
          pictures.push([id, label, pixels.width, ...pixels.data.slice(0, 3)]);
        return pictures;
      };
      const fetched = async (name: string) => new File([await (await fetch(name)).blob()], name);
      const classes = ["cat", "dog", "owl"];
      const broken: string[] = [];
      const files = [new File([await picture(5)], "5.png"), new File(["no picture"], "6.png")];
      for await (const _ of dataset
        .filesSourceOf(files)
        .read({ onBroken: ({ id, error }) => broken.push(`${id}: ${error.name}`) }));
      const handle = await dataset.directorySource(root);
      return {
        handle: await all(handle),
        digest: await handle.digest(),
        broken,
        tar: await all(dataset.tarSource(await fetched("shard-000.tar"), { classes })),
        parquet: await all(await dataset.parquetSource(await fetched("train-0.parquet"))),
      };
    });
    expect(found.handle).toEqual([
      ["cat/7.png", "cat", 3, 7, 0, 255],
      ["dog/9.png", "dog", 3, 9, 0, 255],
    ]);
    expect(found.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(found.broken).toEqual(["6.png: InputError"]);
    const values = (n: number) => [0, 1, 2].map((c) => (37 * n + 71 * c) % 256);
    expect(found.tar).toEqual([
      ["0000", "cat", 5, ...values(0)],
      ["0001", "dog", 5, ...values(1)],
      ["0002", "owl", 5, ...values(2)],
      ["set/cat/0003", "cat", 5, ...values(3)],
    ]);
    expect(found.parquet.map(([id, label, ...rest]) => [id, label, ...rest])).toEqual(
      [0, 1, 2, 3].map((n) => [`${n}`, ["cat", "dog", "owl"][n % 3], 5, ...values(n)]),
    );
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}, 120_000);

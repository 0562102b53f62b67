import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { afterAll, describe, expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { modelFromFiles } from "../../src/models/picked-files.ts";
import { modelFromDisk } from "../../src/node/files.ts";

const COMMITTED = "test/golden/keras-files";
const STORED = ["keras3.keras", "keras2.keras", "named.keras", "keras2.h5", "keras3.h5", "half.h5"];

/** A folder with files that h5py has made just now; undefined where there is no h5py. */
const made = await mkdtemp(join(tmpdir(), "vitrine-keras-"));
afterAll(() => rm(made, { recursive: true }));
let h5py = true;
try {
  execFileSync("/usr/bin/python3", ["-c", "import h5py"], { stdio: "pipe" });
} catch {
  h5py = false;
}
if (h5py) execFileSync("/usr/bin/python3", [join(COMMITTED, "make.py"), made], { stdio: "pipe" });

const bytesOf = async (name: string) => new Uint8Array(await readFile(join(COMMITTED, name)));
const load = (bytes: Uint8Array, name: string) =>
  loadModel(modelFromFiles([new File([bytes.slice()], name)]));

describe.each(STORED)("%s", (name) => {
  test("is the same network as its LayersModel", async () => {
    const expected = await loadLayersModel(await modelFromDisk(COMMITTED));
    expect(expected.layers.length).toBeGreaterThan(15);
    expect(await loadModel(await modelFromDisk(join(COMMITTED, name)))).toEqual(expected);
    expect(await load(await bytesOf(name), "any name.zip")).toEqual(expected);
  });

  test.skipIf(!h5py)("is so as h5py writes it now", async () => {
    const expected = await loadLayersModel(await modelFromDisk(made));
    expect(await loadModel(await modelFromDisk(join(made, name)))).toEqual(expected);
  });

  test("is refused where it is truncated", async () => {
    const whole = await bytesOf(name);
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      const cut = whole.slice(0, Math.floor(whole.length * share));
      const loading = load(cut, name);
      await expect(loading).rejects.toThrow(ModelError);
      await expect(loading).rejects.toThrow(/^(model|layer) "/);
    }
  });
});

/** Entries of keras3.keras with some changed, or left out where null. */
async function repacked(changes: Readonly<Record<string, Uint8Array | null>>): Promise<Uint8Array> {
  const entries = { ...unzipSync(await bytesOf("keras3.keras")), ...changes };
  return zipSync(
    Object.fromEntries(Object.entries(entries).flatMap(([path, one]) => (one ? [[path, one]] : []))),
  );
}

test("a .keras file may lie unpacked in a folder", async () => {
  const entries = unzipSync(await bytesOf("keras3.keras"));
  const files = Object.entries(entries).map(([path, bytes]) => ({
    path: `net/${path}`,
    file: new File([bytes.slice()], path),
  }));
  const expected = await loadLayersModel(await modelFromDisk(COMMITTED));
  expect(await loadModel(modelFromFiles(files))).toEqual(expected);
});

test("weights without layers are refused by name, layers without weights too", async () => {
  const weights = unzipSync(await bytesOf("keras3.keras"))["model.weights.h5"] ?? new Uint8Array();
  for (const bytes of [await bytesOf("weights.h5"), weights]) {
    const loading = load(bytes, "net.h5");
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(/its weights alone \(.*\), without the layers.*model\.save/);
  }
  const alone = await repacked({ "model.weights.h5": null });
  await expect(load(alone, "net.keras")).rejects.toThrow(ModelError);
});

test("groups and layers of different models are refused", async () => {
  const config = JSON.parse(
    new TextDecoder().decode(unzipSync(await bytesOf("keras3.keras"))["config.json"]),
  ) as { config: { layers: { class_name: string }[] } };
  const dense = config.config.layers.find((layer) => layer.class_name === "Dense");
  if (dense) dense.class_name = "Conv2D";
  const other = await repacked({ "config.json": new TextEncoder().encode(JSON.stringify(config)) });
  await expect(load(other, "net.keras")).rejects.toThrow(
    /expected a group of variables for each of the layers stem, .*; the weights and the layers are not of one model/,
  );
});

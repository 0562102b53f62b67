import { beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { corruptedSource, seedOfPicture } from "../../src/dataset/corrupted-source.ts";
import type { Source, SourcePicture } from "../../src/dataset/source.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { corrupt } from "../../src/techniques/robustness/corruptions/corrupt.ts";
import { testDevice } from "../gpu.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const OPTIONS = { kind: "impulse-noise", severity: 5, seed: 9 } as const;
const items = Array.from({ length: 7 }, (_, n) => ({
  ...{ id: `p${n}`, label: `l${n % 2}` },
  pixels: { width: 9, height: 8, data: new Uint8Array(216).fill(100) },
}));
const source = arraySource(items, "greys");
const all = async (of: Source, how = {}): Promise<SourcePicture[]> => {
  const found: SourcePicture[] = [];
  for await (const picture of of.read(how)) found.push(picture);
  return found;
};

describe("a corrupted source", () => {
  test("corrupts each picture by a seed of its own, and keeps the rest", async () => {
    const corrupted = corruptedSource(device, source, OPTIONS);
    expect([corrupted.name, corrupted.count]).toEqual(["greys, impulse noise 5", 7]);
    const found = await all(corrupted);
    expect(found.map(({ id, index, label }) => [id, index, label])).toEqual(
      items.map(({ id, label }, index) => [id, index, label]),
    );
    for (const [index, { pixels }] of items.entries()) {
      const right = await corrupt(device, pixels, { ...OPTIONS, seed: seedOfPicture(9, index) });
      expect(found[index]?.pixels).toEqual(right);
    }
    expect(new Set(found.map(({ pixels }) => String(pixels.data))).size).toBe(7);
  });

  test("gives the same pictures in shards, and from a place on", async () => {
    const corrupted = corruptedSource(device, source, OPTIONS);
    const whole = await all(corrupted);
    const shards = await Promise.all([0, 1, 2].map((i) => all(corrupted.shard(i, 3))));
    expect(shards.flat().sort((a, b) => a.index - b.index)).toEqual(whole);
    expect(await all(corrupted, { from: 5 })).toEqual(whole.slice(5));
  });

  test("has a digest of the pictures and of each choice", async () => {
    const grey = items.slice(0, 1).map(({ pixels }) => pixels);
    const digests = await Promise.all([
      source.digest(),
      ...[
        OPTIONS,
        { ...OPTIONS, kind: "frost" },
        { ...OPTIONS, kind: "frost", frosts: grey },
        { ...OPTIONS, severity: 4 },
        { ...OPTIONS, seed: 8 },
        { ...OPTIONS, set: "cifar" as const },
      ].map((options) => corruptedSource(device, source, options).digest()),
      corruptedSource(device, source.shard(0, 2), OPTIONS).digest(),
    ]);
    expect(new Set(digests).size).toBe(digests.length);
    expect(await corruptedSource(device, source, { ...OPTIONS, set: "imagenet" }).digest()).toBe(digests[1]);
  });

  test("stops, and refuses what corrupt refuses before a picture is read", async () => {
    const stop = new AbortController();
    const reading = corruptedSource(device, source, OPTIONS).read({ signal: stop.signal });
    const pictures = reading[Symbol.asyncIterator]();
    await pictures.next();
    stop.abort(new Error("enough"));
    await expect(pictures.next()).rejects.toThrow("enough");
    expect(() => corruptedSource(device, source, { ...OPTIONS, severity: 6 })).toThrow(InputError);
    expect(() => corruptedSource(device, source, { ...OPTIONS, kind: "rain" })).toThrow(/expected one of/);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import type { Source } from "../../src/dataset/source.ts";
import type { SurveyReport } from "../../src/dataset/survey/report.ts";
import { survey } from "../../src/dataset/survey/survey.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { layerOf } from "../../src/graph/graph.ts";
import { topPatches } from "../../src/lab/top-patches.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";

const graph = chain();
const COUNT = 7;

let networks: Networks;
let source: Source;
let report: SurveyReport;
beforeAll(async () => {
  networks = createNetworks(await testDevice(), graph);
  source = pictures(1);
  report = await survey(networks, source, { layers: ["relu1", "pool1", "logits"], top: 5 });
});
afterAll(() => networks.destroy());

function pictures(seed: number): Source {
  const next = random(seed);
  return arraySource(
    Array.from({ length: COUNT }, (_, i) => ({
      pixels: {
        width: 6,
        height: 8,
        data: Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round((next() + 1) * 127)),
      },
      label: "ab"[i % 2],
    })),
  );
}

/** A filter of conv1 over a patch of its size, after the ReLU. */
function filterOver(data: ArrayLike<number>, channel: number): number {
  const conv = layerOf(graph, "conv1");
  if (conv.op !== "conv2d") throw new Error("expected a convolution");
  const { data: w } = conv.w;
  const sum = Array.from(data).reduce((all, v, i) => all + v * (w[i * 4 + channel] ?? 0), 0);
  return Math.max(0, sum + (conv.b?.data[channel] ?? 0));
}

describe("top patches", () => {
  test("are what the filter saw: over each patch it gives the value that the survey found, at borders too", async () => {
    const units = await topPatches(graph, source, report, { layer: "relu1", top: 5 });
    expect(units).toHaveLength(4);
    let beyond = 0;
    for (const [channel, patches] of units.entries()) {
      expect(patches.length).toBe(5);
      for (const { pixels, value, field } of patches) {
        expect([pixels.width, pixels.height]).toEqual([3, 3]);
        const found = filterOver(pixels.data, channel);
        expect(Math.abs(found - value)).toBeLessThan(1e-4 * Math.max(1, value));
        if (field.top < 0 || field.left < 0 || field.bottom > 8 || field.right > 6) beyond++;
      }
      const own = patches.map(({ value }) => value);
      expect(own).toEqual(own.toSorted((a, b) => b - a));
      expect(new Set(patches.map(({ index }) => index)).size).toBe(5);
    }
    // Some of the random places lie at a border.
    expect(beyond).toBeGreaterThan(0);
  });

  test("of a pooled layer have one of four filters' places at its value", async () => {
    const [patches = []] = await topPatches(graph, source, report, { layer: "pool1", channels: [2], top: 3 });
    for (const { pixels, value } of patches) {
      expect([pixels.width, pixels.height]).toEqual([4, 4]);
      const windows = [0, 1].flatMap((y) =>
        [0, 1].map((x) => {
          const rows = [0, 1, 2].flatMap((row) => {
            const at = ((y + row) * 4 + x) * 3;
            return [...pixels.data.slice(at, at + 9)];
          });
          return filterOver(rows, 2);
        }),
      );
      expect(Math.abs(Math.max(...windows) - value)).toBeLessThan(1e-4 * Math.max(1, value));
    }
  });

  test("of a layer without places are the whole picture, with its name and label", async () => {
    const [patches = []] = await topPatches(graph, source, report, {
      layer: "logits",
      channels: [0],
      top: 2,
    });
    for (const { pixels, id, index, label } of patches) {
      expect([pixels.width, pixels.height]).toEqual([6, 8]);
      expect([id, label]).toEqual([`${index}`, "ab"[index % 2]]);
    }
  });

  test("are made smaller than asked for, in proportion, and never larger", async () => {
    const [small] = await topPatches(graph, source, report, { layer: "logits", channels: [0], side: 4 });
    expect([small?.[0]?.pixels.width, small?.[0]?.pixels.height]).toEqual([3, 4]);
    const [same] = await topPatches(graph, source, report, { layer: "logits", channels: [0], side: 100 });
    expect([same?.[0]?.pixels.width, same?.[0]?.pixels.height]).toEqual([6, 8]);
  });

  test.each([
    [
      "a layer that was not surveyed",
      { layer: "conv1" },
      /a layer of the survey \(relu1, pool1, conv2, logits\), got "conv1"/,
    ],
    [
      "a channel that is not there",
      { layer: "relu1", channels: [4] },
      /channels of 0 to 3 of "relu1", got 4/,
    ],
    ["more than the survey kept", { layer: "relu1", top: 6 }, /1 to 5 patches, as the survey kept, got 6/],
  ])("refuse %s", async (_, options, words) => {
    const found = topPatches(graph, source, report, options);
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });

  test("refuse other pictures, and another network", async () => {
    await expect(topPatches(graph, pictures(2), report, { layer: "relu1" })).rejects.toThrow(
      /expected the pictures of the survey/,
    );
    await expect(topPatches(chain(9), source, report, { layer: "relu1" })).rejects.toThrow(
      /expected the network of the survey/,
    );
  });

  test("say which picture is missing where the source ends early", async () => {
    const cut: Source = {
      ...source,
      read: (options) => take(source.read(options), 1),
      digest: source.digest,
    };
    await expect(topPatches(graph, cut, report, { layer: "relu1" })).rejects.toThrow(
      /expected picture \d+ in/,
    );
  });
});

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    if (left-- <= 0) return;
    yield item;
  }
}

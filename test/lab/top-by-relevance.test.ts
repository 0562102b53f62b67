import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import type { Source } from "../../src/dataset/source.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { layerOf } from "../../src/graph/graph.ts";
import { readInput } from "../../src/images/picture.ts";
import type { Pixels } from "../../src/images/pixels.ts";
import { patchRelevance } from "../../src/lab/patch-relevance.ts";
import { cutPatches } from "../../src/lab/patches.ts";
import { shadedPatch } from "../../src/lab/shaded-patch.ts";
import { topByRelevance } from "../../src/lab/top-by-relevance.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { predict } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";

const graph = { ...chain(), labels: ["a", "b", "c", "d"] };
const COUNT = 11;
const PLACES = 4 * 3;
const CHANNELS = 5;

let networks: Networks;
let network: Network;
let pictures: Pixels[];
let source: Source;
beforeAll(async () => {
  const device = await testDevice();
  networks = createNetworks(device, graph);
  network = await createNetwork(device, graph);
  const next = random(4);
  pictures = Array.from({ length: COUNT }, () => ({
    ...{ width: 6, height: 8 },
    data: Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round((next() + 1) * 127)),
  }));
  source = arraySource(pictures.map((pixels, i) => ({ pixels, label: ["a", "b", "z"][i % 3] })));
});
afterAll(() => {
  networks.destroy();
  network.destroy();
});

/** The relevance that ε-LRP gives conv2 for a class, by its definition: the dense layer alone lies between, and ε is next to nothing. */
async function relevanceOf(pixels: Pixels, index: number): Promise<number[]> {
  const dense = layerOf(graph, "logits");
  if (dense.op !== "dense") throw new Error("expected a dense layer");
  const { data: w } = dense.w;
  const { data: x } = await activations(network, pixels, { layer: "conv2" });
  return Array.from(x, (value, i) => value * (w[i * 4 + index] ?? 0));
}

/** Of each channel the share of each picture, by plain loops. */
async function shares(indexOf: (picture: Pixels, n: number) => Promise<number | undefined>) {
  const found: { image: number; value: number; place: number }[][] = Array.from(
    { length: CHANNELS },
    () => [],
  );
  for (const [image, pixels] of pictures.entries()) {
    const index = await indexOf(pixels, image);
    if (index === undefined) continue;
    const r = await relevanceOf(pixels, index);
    const sums = Array.from({ length: CHANNELS }, (_, c) =>
      r.reduce((sum, v, i) => sum + (i % CHANNELS === c ? v : 0), 0),
    );
    const all = sums.reduce((sum, v) => sum + Math.abs(v), 0);
    for (const [c, sum] of sums.entries()) {
      const own = Array.from({ length: PLACES }, (_, place) => r[place * CHANNELS + c] ?? 0);
      if (sum > 0) found[c]?.push({ image, value: sum / all, place: own.indexOf(Math.max(...own)) });
    }
  }
  return found.map((own) => own.sort((a, b) => b.value - a.value));
}

const answerOf = async (pixels: Pixels) => (await predict(network, pixels))[0]?.index;

describe("the pictures that channels matter most for", () => {
  test.each([
    ["the answer", { target: "answer" } as const, answerOf],
    ["a class", { target: { class: "c" } } as const, async () => 2],
    // "z" is no class of the network: every third picture is passed over.
    ["the label", { target: "label" } as const, async (_: Pixels, n: number) => [0, 1, undefined][n % 3]],
  ])("are those with the greatest share of the relevance for %s", async (_, options, indexOf) => {
    const [found] = await topByRelevance(networks, source, {
      ...{ layers: ["conv2"], rules: "epsilon", top: 4, batch: 3 },
      ...options,
    });
    const expected = await shares(indexOf);
    for (const [c, own] of expected.entries()) {
      const got = found?.top.channels[c] ?? [];
      expect(got.map(({ image }) => image)).toEqual(own.slice(0, 4).map(({ image }) => image));
      for (const [rank, { value, y, x }] of got.entries()) {
        expect(value).toBeCloseTo(own[rank]?.value ?? Number.NaN, 3);
        expect(y * 3 + x).toBe(own[rank]?.place);
      }
    }
    expect(found?.pictures).toBe("target" in options && options.target === "label" ? 8 : COUNT);
  });

  test("of one channel and another make up the relevance of the picture", async () => {
    const places = Array.from({ length: CHANNELS }, () => [{ image: 7, y: 1, x: 1, value: 0 }]);
    const units = (await cutPatches(graph, source, { layer: "conv2", places })).map((patches, channel) => ({
      channel,
      patches,
    }));
    const maps = await patchRelevance(networks, source, units, { layer: "conv2", batch: 2 });
    const whole = await lrp(network, await readInput(graph, pictures[7] as Pixels));
    const sum = Array.from({ length: 48 }, (_, i) =>
      maps.reduce((all, [map]) => all + (map?.[i] ?? Number.NaN), 0),
    );
    const scale = Math.max(...whole.data.map(Math.abs));
    for (const [i, value] of sum.entries()) {
      const expected = [0, 1, 2].reduce((all, c) => all + (whole.data[3 * i + c] ?? 0), 0);
      expect(Math.abs(value - expected)).toBeLessThan(1e-4 * scale);
    }
  });

  test("are dark where they were of no relevance", async () => {
    const [[patch] = []] = await cutPatches(graph, source, {
      layer: "conv1",
      places: [[{ image: 3, y: 0, x: 2, value: 1 }]],
    });
    if (!patch) throw new Error("expected a patch");
    const map = new Float32Array(48);
    map[1 * 6 + 3] = 2;
    const { data } = shadedPatch(patch, map, [8, 6]);
    // The field of conv1 at (0, 2) is rows −1…1, columns 1…3; of them row 1, column 3 is the last.
    expect([...data.slice(24, 27)]).toEqual([...patch.pixels.data.slice(24, 27)]);
    for (const i of [0, 1, 2, 9]) expect(data[i]).toBeLessThan(0.5 * (patch.pixels.data[i] ?? 0) + 1);
  });

  test.each([
    [
      "a class that is not there",
      { layers: ["conv2"], target: { class: "q" } },
      /expected a class \(a, b, c, d\), got "q"/,
    ],
    ["a layer that is not there", { layers: ["conv9"] }, /conv9/],
    ["no layer", { layers: [] }, /at least one layer/],
    ["more than 64", { layers: ["conv2"], top: 65 }, /1 to 64/],
  ])("refuse %s", async (_, options, words) => {
    const found = topByRelevance(networks, source, options);
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });

  test("refuse labels that are no classes, and a network of yes or no", async () => {
    const strange = arraySource(pictures.map((pixels) => ({ pixels, label: "z" })));
    await expect(topByRelevance(networks, strange, { layers: ["conv2"], target: "label" })).rejects.toThrow(
      /pictures whose label is a class of chain in pictures, got none/,
    );
    const layers = chain().layers.map((layer) =>
      layer.name === "logits" && layer.op === "dense"
        ? {
            ...layer,
            w: { shape: [60, 1], data: new Float32Array(60) },
            b: { shape: [1], data: new Float32Array(1) },
          }
        : layer,
    );
    const yesNo = {
      ...graph,
      labels: undefined as never,
      layers: layers.map((layer) =>
        layer.op === "softmax"
          ? ({
              op: "activation",
              name: "softmax",
              inputs: ["logits"],
              activation: { kind: "sigmoid" },
            } as const)
          : layer,
      ),
    };
    delete (yesNo as { labels?: unknown }).labels;
    const other = createNetworks(await testDevice(), yesNo);
    await expect(topByRelevance(other, source, { layers: ["conv2"] })).rejects.toThrow(UnsupportedError);
    other.destroy();
  });
});

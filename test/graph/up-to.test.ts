import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { withAveragePools } from "../../src/graph/average-pools.ts";
import { type Graph, type Layer, shapesOf } from "../../src/graph/graph.ts";
import { headOf, headsOf } from "../../src/graph/heads.ts";
import { resized } from "../../src/graph/resize.ts";
import { upTo } from "../../src/graph/up-to.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { HAVE_SHARED, realModel } from "../models/golden.ts";
import { chain, random, values } from "./graphs.ts";

const labelled = (): Graph => ({ ...chain(), labels: ["cat", "dog", "owl", "eel"], labelsFrom: "a file" });

test("a network is cut behind the layers that are asked, with the same weights and preprocessing", () => {
  const graph = labelled();
  const cut = upTo(graph, ["pool1"]);
  expect(cut.layers.map(({ name }) => name)).toEqual(["image", "conv1", "relu1", "pool1"]);
  expect(cut.layers.every((layer) => graph.layers.includes(layer))).toBe(true);
  expect(cut.preprocessing).toBe(graph.preprocessing);
  expect(cut).toMatchObject({ name: "chain", output: "pool1", heads: { pool1: "values" } });
  expect(cut.labels).toBeUndefined();
  expect(cut.labelsFrom).toBeUndefined();
  expect(headOf(cut)).toMatchObject({ output: "pool1", scores: "values" });
  expect(graph.labels).toHaveLength(4);
});

test("several layers are several outputs, the last of which is asked by default", () => {
  const cut = upTo(labelled(), ["conv2", "relu1", "conv2"]);
  expect(cut).toMatchObject({ output: "conv2", outputs: ["relu1", "conv2"] });
  expect(headsOf(cut).map(({ output }) => output)).toEqual(["conv2", "relu1"]);
});

test("what is left of the classes keeps its labels and its meaning", () => {
  const graph = labelled();
  expect(headsOf(upTo(graph, ["softmax"]))).toEqual(headsOf(graph));
  expect(headOf(upTo(graph, ["logits"]))).toMatchObject({ labels: graph.labels, scores: "softmax" });
  const sigmoid: Layer[] = graph.layers.map((layer) =>
    layer.op === "softmax"
      ? { op: "activation", name: "softmax", inputs: layer.inputs, activation: { kind: "sigmoid" } }
      : layer,
  );
  expect(headOf(upTo({ ...graph, layers: sigmoid }, ["logits"]))).toMatchObject({ scores: "sigmoid" });
  const given: Graph = {
    ...{ ...graph, layers: graph.layers.slice(0, -1), output: "logits" },
    ...{ outputs: ["logits", "pool1"], heads: { logits: "sigmoid" }, leftOut: { boxes: "a loop" } },
  };
  expect(headOf(upTo(given, ["logits"]))).toEqual(headOf(given));
  expect(upTo(given, ["logits"])).not.toHaveProperty("leftOut");
  expect(upTo(given, ["logits"])).not.toHaveProperty("outputs");
});

test("a cut network computes what the whole one does, at any size once its dense layers are gone", async () => {
  const device = await testDevice();
  const image = values(8 * 6 * 3, random(4));
  const [whole, cut] = [
    await createNetwork(device, chain()),
    await createNetwork(device, upTo(chain(), ["conv2"])),
  ];
  const [expected, found] = [
    await activations(whole, image, { layer: "conv2" }),
    await activations(cut, image, { layer: "conv2" }),
  ];
  whole.destroy();
  cut.destroy();
  expect(found).toEqual(expected);
  expect(() => resized(chain(), [9, 13])).toThrow(/dense "logits"/);
  expect(shapesOf(resized(upTo(chain(), ["conv2"]), [9, 13])).get("conv2")).toEqual([1, 4, 6, 5]);
});

test.each([
  ["a layer that there is not", ["conv9"], /got "conv9"/],
  ["no layer", [], /at least one layer, got none/],
  ["a name by itself", "conv2" as never, /expected a list of layers' names, got "conv2"/],
])("%s is refused", (_, layers, message) => {
  expect(() => upTo(chain(), layers)).toThrow(InputError);
  expect(() => upTo(chain(), layers)).toThrow(message);
});

test("means take the place of maxima, and everything else stays", async () => {
  const graph = chain();
  const mean = withAveragePools(graph);
  expect(mean.layers.filter((layer) => !graph.layers.includes(layer))).toEqual([
    { ...graph.layers.find(({ name }) => name === "pool1"), mode: "average" },
  ]);
  expect(graph.layers.some((layer) => layer.op === "pool" && layer.mode === "max")).toBe(true);
  expect(withAveragePools(mean)).toBe(mean);
  const network = await createNetwork(await testDevice(), mean);
  const image = values(8 * 6 * 3, random(4));
  const before = (await activations(network, image, { layer: "relu1" })).data;
  const after = (await activations(network, image, { layer: "pool1" })).data;
  network.destroy();
  const at = (y: number, x: number, c: number): number => before[(y * 6 + x) * 4 + c] ?? Number.NaN;
  for (const [i, value] of after.entries()) {
    const [c, x, y] = [i % 4, 2 * (Math.floor(i / 4) % 3), 2 * Math.floor(i / 12)];
    expect(value).toBeCloseTo((at(y, x, c) + at(y + 1, x, c) + at(y, x + 1, c) + at(y + 1, x + 1, c)) / 4, 5);
  }
});

test.skipIf(!HAVE_SHARED)("GoogLeNet up to inception_4c takes pictures of 480 × 640", async () => {
  const graph = await loadLayersModel(await realModel("googlenet_bvlc_f16"));
  const layer = graph.layers.find(({ name }) => /inception_4c.*output/.test(name))?.name ?? "";
  const large = resized(upTo(graph, [layer]), [480, 640]);
  expect(shapesOf(large).get(layer)).toEqual([1, 30, 40, 512]);
  expect(large.layers.some(({ op }) => op === "dense")).toBe(false);
});

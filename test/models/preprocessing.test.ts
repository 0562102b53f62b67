import { expect, test } from "vitest";
import { InputError, ModelError } from "../../src/gpu/errors.ts";
import { type LayersModelOptions, loadLayersModel } from "../../src/models/layers-model.ts";
import { guessPreprocessing, takesBgr } from "../../src/models/preprocessing.ts";
import type { Layer } from "../../src/network/graph.ts";
import { PREPROCESSINGS } from "../../src/network/preprocessing.ts";
import { kerasLayer, modelOf, sequential } from "./fixtures.ts";

/** A network of two classes from an image, with what its file says besides. */
const loaded = (userDefinedMetadata: unknown, options?: LayersModelOptions, shape = [4, 4, 3]) =>
  loadLayersModel(
    modelOf(
      sequential(
        [
          kerasLayer("GlobalAveragePooling2D", "mean"),
          kerasLayer("Dense", "two", { units: 2, use_bias: false }),
        ],
        shape,
      ),
      [{ name: "two/kernel", shape: [shape[2] ?? 1, 2] }],
      { extra: { userDefinedMetadata } },
    ),
    options,
  );

test("a model's own preprocessing and labels are taken", async () => {
  const metadata = {
    preprocessing: { mean: [0.1, 0.2, 0.3], std: 0.5, range: 1, resize: 5 },
    labels: ["cat", "dog"],
  };
  const graph = await loaded(metadata);
  expect(graph.labels).toEqual(["cat", "dog"]);
  expect(graph.preprocessing).toEqual({
    range: 1,
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.5, 0.5],
    resize: 5,
    source: "declared by the model",
  });
});

test("what the caller gives comes first", async () => {
  const metadata = { preprocessing: { mean: 0, std: 1 }, labels: ["cat", "dog"] };
  const graph = await loaded(metadata, { preprocessing: "signed", labels: ["a", "b"] });
  expect(graph.labels).toEqual(["a", "b"]);
  expect(graph.preprocessing).toEqual({ ...PREPROCESSINGS.signed, source: "given" });
  const own = { range: 255, mean: [1, 2, 3], std: [4, 5, 6], source: "mine" } as const;
  expect((await loaded(metadata, { preprocessing: own })).preprocessing).toEqual(own);
});

test("a preprocessing is fitted to the network's channels", async () => {
  expect((await loaded({}, {}, [4, 4, 1])).preprocessing).toMatchObject({ mean: [0], std: [1] });
  const grey = await loaded({}, { preprocessing: "imagenet" }, [4, 4, 1]);
  expect(grey.preprocessing.mean[0]).toBeCloseTo((0.485 + 0.456 + 0.406) / 3, 12);
  expect((await loaded({}, {}, [4, 4, 5])).preprocessing).toMatchObject({
    mean: [0, 0, 0, 0, 0],
    std: [1, 1, 1, 1, 1],
  });
});

test.each<[what: string, metadata: unknown, message: RegExp]>([
  [
    "a preprocessing that is text",
    { preprocessing: "x/255" },
    /expected preprocessing \{ mean, std \}, got "x\/255"/,
  ],
  ["no deviation", { preprocessing: { mean: 0 } }, /preprocessing.std of numbers other than 0/],
  [
    "a deviation of 0",
    { preprocessing: { mean: 0, std: [1, 0, 1] } },
    /preprocessing.std of numbers other than 0, got \[1,0,1\]/,
  ],
  [
    "another range",
    { preprocessing: { mean: 0, std: 1, range: 127 } },
    /preprocessing.range 255 or 1, got 127/,
  ],
  ["half a pixel", { preprocessing: { mean: 0, std: 1, resize: 0.5 } }, /preprocessing.resize/],
  [
    "two means for three channels",
    { preprocessing: { mean: [0, 1], std: 1 } },
    /a preprocessing of 3 channels, got 2/,
  ],
  ["too few labels", { labels: ["cat"] }, /expected 2 labels \(outputs of the network\), got 1/],
  ["labels that are no text", { labels: [1, 2] }, /expected labels as a list of text/],
])("%s is refused", async (_, metadata, message) => {
  await expect(loaded(metadata)).rejects.toThrow(ModelError);
  await expect(loaded(metadata)).rejects.toThrow(message);
});

test("an unknown name of a preprocessing is refused", async () => {
  await expect(loaded({}, { preprocessing: "caffe" as "unit" })).rejects.toThrow(InputError);
});

const layersOf = (...names: string[]): Layer[] => [
  { op: "input", name: "input", inputs: [], shape: [224, 224, 3] },
  ...names.map(
    (name, i): Layer => ({ op: "reshape", name, inputs: [i === 0 ? "input" : (names[i - 1] ?? "")] }),
  ),
];

test.each<[name: string, layers: string[], classes: number, expected: Record<string, unknown>]>([
  ["mobilenet_1.00_224", ["conv1"], 1000, { ...PREPROCESSINGS.signed, resize: 256 }],
  ["sequential", ["outer/conv1", "outer/conv_dw_1"], 3, PREPROCESSINGS.signed],
  ["model", ["fire2_squeeze"], 1000, { ...PREPROCESSINGS.imagenet, resize: 256 }],
  ["model", ["layer1_0_conv1"], 10, PREPROCESSINGS.imagenet],
  ["model", ["inception_3a_1x1"], 1000, { range: 1, mean: [123, 117, 104], std: [1, 1, 1], resize: 256 }],
  [
    "resnet50v2",
    ["conv1_conv", "conv2_block1_preact_bn", "conv5_block3_out"],
    1000,
    { ...PREPROCESSINGS.signed, resize: 256 },
  ],
  [
    "vgg16",
    ["block1_conv1", "block5_conv3", "fc1"],
    1000,
    { range: 1, mean: [123.68, 116.779, 103.939], resize: 256 },
  ],
  ["vgg16", ["block1_conv1", "block5_conv3", "fc1"], 5, PREPROCESSINGS.unit],
  ["efficientnetb0", ["rescaling", "normalization"], 1000, { ...PREPROCESSINGS.none, resize: 256 }],
  ["anything", ["conv1"], 1001, { ...PREPROCESSINGS.unit, resize: 256 }],
])("%s with %o and %d classes is recognised", (name, names, classes, expected) => {
  const guess = guessPreprocessing({ name, layers: layersOf(...names) }, classes);
  expect(guess).toMatchObject(expected);
  expect(guess.source).toMatch(/^guessed: /);
  expect("resize" in guess).toBe("resize" in expected);
});

test("Keras's Caffe networks are made to take RGB: the first kernel is turned, once recognised", async () => {
  const conv = (name: string, filters: number) => kerasLayer("Conv2D", name, { filters, kernel_size: 1 });
  const topology = sequential(
    [
      kerasLayer("ZeroPadding2D", "pad"),
      conv("block1_conv1", 2),
      conv("block5_conv3", 1),
      kerasLayer("GlobalAveragePooling2D", "mean"),
      kerasLayer("Dense", "fc1", { units: 1000 }),
    ],
    [2, 2, 3],
  );
  const files = modelOf(topology, [
    { name: "block1_conv1/kernel", shape: [1, 1, 3, 2], values: [1, 2, 3, 4, 5, 6] },
    { name: "block1_conv1/bias", shape: [2] },
    { name: "block5_conv3/kernel", shape: [1, 1, 2, 1], values: [7, 8] },
    { name: "block5_conv3/bias", shape: [1] },
    { name: "fc1/kernel", shape: [1, 1000] },
    { name: "fc1/bias", shape: [1000] },
  ]);
  const kernels = async (options?: LayersModelOptions) => {
    const graph = await loadLayersModel(files, options);
    return graph.layers.flatMap((layer) => (layer.op === "conv2d" ? [[...layer.w.data]] : []));
  };
  expect(await kernels()).toEqual([
    [5, 6, 3, 4, 1, 2],
    [7, 8],
  ]);
  expect(await kernels({ preprocessing: "unit" })).toEqual([
    [1, 2, 3, 4, 5, 6],
    [7, 8],
  ]);
  expect(takesBgr({ layers: layersOf("block1_conv1") }, 1000)).toBe(false);
});

import { expect, test } from "vitest";
import { InputError, ModelError } from "../../src/gpu/errors.ts";
import type { Layer } from "../../src/graph/graph.ts";
import { PREPROCESSINGS } from "../../src/graph/preprocessing.ts";
import type { LayersModelOptions } from "../../src/models/keras/keras-model.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { decidePreprocessing } from "../../src/models/preprocessing.ts";
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
    fit: "cover",
    source: "declared by the model",
  });
});

test("what the caller gives comes first", async () => {
  const metadata = { preprocessing: { mean: 0, std: 1 }, labels: ["cat", "dog"] };
  const graph = await loaded(metadata, { preprocessing: "signed", labels: ["a", "b"] });
  expect(graph.labels).toEqual(["a", "b"]);
  const assumed = { fit: "stretch", guessed: ["fit"] };
  expect(graph.preprocessing).toEqual({ ...PREPROCESSINGS.signed, source: "given", ...assumed });
  const own = { range: 255, mean: [1, 2, 3], std: [4, 5, 6], fit: "contain", source: "mine" } as const;
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
    /expected mean of 3 numbers \(one a channel of the network\), or one for all, got 2/,
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
    (name, i): Layer => ({
      op: "activation",
      activation: { kind: "tanh" },
      name,
      inputs: [i === 0 ? "input" : (names[i - 1] ?? "")],
    }),
  ),
];

const CAFFE = { range: 1, mean: [123.68, 116.779, 103.939] };

test.each<[name: string, layers: string[], classes: number, expected: Record<string, unknown>]>([
  ["mobilenet_1.00_224", ["conv1"], 1000, { ...PREPROCESSINGS.signed, resize: 256, fit: "cover" }],
  ["sequential", ["outer/conv1", "outer/conv_dw_1"], 3, { ...PREPROCESSINGS.signed, fit: "stretch" }],
  ["sequential", ["Conv1", "body/expanded_conv_depthwise"], 3, PREPROCESSINGS.signed],
  ["model", ["mobilenetv2_1.00_224/renamed"], 3, PREPROCESSINGS.signed],
  ["model", ["fire2_squeeze"], 1000, { ...PREPROCESSINGS.imagenet, resize: 256 }],
  ["model", ["layer1_0_conv1"], 10, PREPROCESSINGS.imagenet],
  ["model", ["inception_3a_1x1"], 1000, { range: 1, mean: [123, 117, 104], std: [1, 1, 1], resize: 256 }],
  ["model", ["Conv1", "bn_Conv1"], 7, PREPROCESSINGS.signed],
  ["model", ["mixed0", "mixed1"], 7, PREPROCESSINGS.signed],
  ["model", ["block35_1_conv", "conv_7b"], 7, PREPROCESSINGS.signed],
  ["model", ["block1_conv1", "block2_sepconv1", "block3_conv3"], 7, PREPROCESSINGS.signed],
  ["model", ["stem_conv1", "adjust_relu_1_1"], 7, PREPROCESSINGS.signed],
  ["model", ["conv1_conv", "conv2_block1_1_conv", "conv2_block1_concat"], 7, PREPROCESSINGS.imagenet],
  ["model", ["stem_conv", "block1a_dwconv"], 7, PREPROCESSINGS.imagenet],
  ["model", ["conv1_conv", "conv2_block1_1_conv", "conv2_block1_preact_bn"], 7, PREPROCESSINGS.signed],
  ["anything", ["conv1"], 1001, { ...PREPROCESSINGS.unit, resize: 256, fit: "cover" }],
  ["anything", ["conv1"], 5, { ...PREPROCESSINGS.unit, fit: "stretch" }],
])("%s with %o and %d classes is recognised", (name, names, classes, expected) => {
  const { preprocessing } = decidePreprocessing({ name, layers: layersOf(...names) }, classes);
  expect(preprocessing).toMatchObject({ ...expected, guessed: ["values", "fit"] });
  expect(preprocessing.source).toMatch(/^guessed: /);
  expect("resize" in preprocessing).toBe("resize" in expected);
});

/** The five blocks of VGG16, under names that say nothing. */
function blocks(between: "nothing" | "batchNorm", prefix = "l"): Layer[] {
  const layers: Layer[] = [{ op: "input", name: "input", inputs: [], shape: [64, 64, 3] }];
  const add = (layer: object) =>
    layers.push({
      name: `${prefix}${layers.length}`,
      inputs: [layers.at(-1)?.name ?? ""],
      ...layer,
    } as unknown as Layer);
  const one = [1, 1] as const;
  for (const [block, convolutions] of [2, 2, 3, 3, 3].entries()) {
    for (let i = 0; i < convolutions; i++) {
      const inputs = block === 0 && i === 0 ? 3 : 1;
      const w = { shape: [3, 3, inputs, 1], data: Float32Array.from({ length: 9 * inputs }, (_, k) => k) };
      add({ op: "conv2d", w, strides: one, dilations: one, padding: "same" });
      if (between === "batchNorm")
        add({ op: "batchNorm", scale: Float32Array.of(1), offset: Float32Array.of(0) });
      add({ op: "activation", activation: { kind: "relu" } });
    }
    add({ op: "pool", mode: "max", size: [2, 2], strides: [2, 2], padding: "valid" });
  }
  return layers;
}

test("VGG is known by its blocks, and turned; with batch norm, or torchvision's names, it is another", () => {
  const keras = decidePreprocessing({ name: "model", layers: blocks("nothing") }, 4);
  expect(keras.preprocessing).toMatchObject({ ...CAFFE, turned: true, fit: "stretch" });
  expect(keras.layers[1]).toMatchObject({ w: { data: expect.objectContaining({ 0: 2, 1: 1, 2: 0 }) } });
  const normed = decidePreprocessing({ name: "model", layers: blocks("batchNorm") }, 4).preprocessing;
  expect(normed).toMatchObject({ ...PREPROCESSINGS.unit, guessed: ["values", "fit"] });
  const torch = decidePreprocessing(
    { name: "model", layers: blocks("nothing", "features.0") },
    4,
  ).preprocessing;
  expect(torch).toMatchObject(PREPROCESSINGS.imagenet);
  expect(torch.turned).toBeUndefined();
});

test.each([
  ["VGG by its blocks", blocks("nothing")],
  ["MobileNet by its layers' names", layersOf("expanded_conv_depthwise")],
])("what PyTorch wrote takes ImageNet's statistics and is not turned: %s", (_, layers) => {
  const of = (producer: string) =>
    decidePreprocessing({ name: "model", layers }, 4, undefined, undefined, producer);
  const { preprocessing, layers: kept } = of("pytorch 1.10");
  expect(preprocessing).toMatchObject({ ...PREPROCESSINGS.imagenet, guessed: ["values", "fit"] });
  expect(preprocessing.source).toMatch(/of PyTorch$/);
  expect(preprocessing.turned).toBeUndefined();
  expect(kept).toBe(layers);
  expect(of("tf2onnx 1.16").preprocessing).not.toMatchObject(PREPROCESSINGS.imagenet);
});

test("Teachable Machine's exports are cut, like their pictures in training", () => {
  const names = ["model1/expanded_conv_depthwise", "global_average_pooling2d_GlobalAveragePooling2D1"];
  const fitted = (...more: string[]) =>
    decidePreprocessing({ name: "m", layers: layersOf(...names, ...more) }, 3).preprocessing;
  expect(fitted("sequential_3/dense_Dense2", "sequential_3/dense_Dense2/softmax")).toMatchObject({
    fit: "cover",
    guessed: ["values", "fit"],
  });
  expect(fitted("scores").fit).toBe("stretch");
});

test("a fit that the caller gives is no guess, and leaves a declared resize to covering", async () => {
  const declared = { preprocessing: { mean: 0, std: 1, resize: 5 } };
  expect((await loaded(declared)).preprocessing).toMatchObject({ fit: "cover", resize: 5 });
  const squashed = (await loaded(declared, { fit: "stretch" })).preprocessing;
  expect([squashed.fit, squashed.resize, squashed.guessed]).toEqual(["stretch", undefined, undefined]);
  expect((await loaded({}, { fit: "contain" })).preprocessing).toMatchObject({
    fit: "contain",
    guessed: ["values"],
  });
  await expect(loaded({ preprocessing: { mean: 0, std: 1, fit: "crop" } })).rejects.toThrow(
    /preprocessing\.fit of/,
  );
});

/** A network of an affine layer for each [class, scale, offset], between layers that change nothing, and a convolution. */
function scaling(
  affine: readonly (readonly [className: string, scale: number, offset: number])[],
  conv = "conv",
): Layer[] {
  const layers: Layer[] = [
    { op: "input", name: "input", inputs: [], shape: [8, 8, 3] },
    { op: "reshape", name: "augment/flip", inputs: ["input"], className: "RandomFlip" },
    {
      op: "pad",
      name: "pad",
      inputs: ["augment/flip"],
      before: [1, 1, 0],
      after: [1, 1, 0],
      mode: "constant",
    },
  ];
  for (const [i, [className, scale, offset]] of affine.entries()) {
    layers.push({
      op: "batchNorm",
      name: `nest/first_${i}`,
      inputs: [layers.at(-1)?.name ?? ""],
      className,
      scale: new Float32Array(3).fill(scale),
      offset: new Float32Array(3).fill(offset),
    });
  }
  const w = { shape: [1, 1, 3, 1], data: new Float32Array([1, 2, 3]) };
  const last = layers.at(-1)?.name ?? "";
  const one = [1, 1] as const;
  layers.push({
    op: "conv2d",
    name: conv,
    inputs: [last],
    w,
    strides: one,
    dilations: one,
    padding: "valid",
  });
  return layers;
}

test.each<
  [what: string, affine: Parameters<typeof scaling>[0], takes: "none" | "unit" | "signed", sure?: boolean]
>([
  ["1/255", [["Rescaling", 1 / 255, 0]], "none"],
  ["x/127.5 − 1", [["Rescaling", 1 / 127.5, -1]], "none"],
  ["minus 127", [["Rescaling", 1, -127]], "none"],
  ["twice minus one", [["Rescaling", 2, -1]], "unit"],
  ["times 255", [["Rescaling", 255, 0]], "unit"],
  ["from −1…1 to 0…1", [["Rescaling", 0.5, 0.5]], "signed"],
  ["from −1…1 to 0…255", [["Rescaling", 127.5, 127.5]], "signed"],
  ["ImageNet's statistics of 0…1", [["Normalization", 1 / 0.226, -0.449 / 0.226]], "unit"],
  ["ImageNet's statistics of 0…255", [["Normalization", 1 / 57.6, -114.5 / 57.6]], "none"],
  ["MNIST's statistics of 0…1", [["Normalization", 1 / 0.3081, -0.1307 / 0.3081]], "unit"],
  ["MNIST's statistics of 0…255", [["Normalization", 1 / 78.6, -33.3 / 78.6]], "none"],
  [
    "1/255, then ImageNet's statistics",
    [
      ["Rescaling", 1 / 255, 0],
      ["Normalization", 1 / 0.226, -0.449 / 0.226],
    ],
    "none",
  ],
  [
    "minus 127.5, then 1/127.5",
    [
      ["Rescaling", 1, -127.5],
      ["Rescaling", 1 / 127.5, 0],
    ],
    "none",
  ],
  [
    "times 255 before a body that divides by 255",
    [
      ["Rescaling", 255, 0],
      ["Rescaling", 1 / 255, 0],
      ["Normalization", 1 / 0.226, -0.449 / 0.226],
    ],
    "unit",
  ],
  [
    "1/255 twice",
    [
      ["Rescaling", 1 / 255, 0],
      ["Rescaling", 1 / 255, 0],
    ],
    "none",
    false,
  ],
  ["times 10⁶", [["Rescaling", 1e6, 0]], "unit", false],
])("layers that scale their input by %s say what it takes", (_, affine, takes, sure = true) => {
  const { preprocessing, layers } = decidePreprocessing({ name: "any", layers: scaling(affine) }, 5);
  expect(preprocessing).toMatchObject(PREPROCESSINGS[takes]);
  expect(preprocessing.guessed).toEqual(sure ? ["fit"] : ["values", "fit"]);
  expect(preprocessing.source).toMatch(sure ? /^found: the network's own/ : /^guessed: /);
  expect(layers.at(-1)).toMatchObject({ w: { data: new Float32Array([1, 2, 3]) } });
});

test("a batch norm, or a scaling that changes nothing, says nothing", () => {
  for (const affine of [
    [["BatchNormalization", 1 / 255, 0]],
    [["Rescaling", 1, 0]],
    [
      ["Rescaling", 0.5, 0],
      ["Rescaling", 2, 0],
    ],
  ] as const) {
    const { preprocessing } = decidePreprocessing({ name: "any", layers: scaling(affine) }, 5);
    expect(preprocessing).toMatchObject({ ...PREPROCESSINGS.unit, guessed: ["values", "fit"] });
  }
});

test("a scaling before a body that was trained on other values is said to be a guess", () => {
  const fed = (affine: Parameters<typeof scaling>[0]) =>
    decidePreprocessing({ name: "any", layers: scaling(affine, "expanded_conv_depthwise") }, 5).preprocessing;
  expect(fed([["Rescaling", 1 / 127.5, -1]])).toMatchObject({ ...PREPROCESSINGS.none, guessed: ["fit"] });
  const odd = fed([["Rescaling", 1 / 255, 0]]);
  expect(odd).toMatchObject({ ...PREPROCESSINGS.none, guessed: ["values", "fit"] });
  expect(odd.source).toMatch(
    /^guessed: 0…255 by the network's own Rescaling, which gives MobileNet other values/,
  );
});

test("VGG's blocks are known behind a scaling, too, which they were not trained behind", () => {
  const before = scaling([["Rescaling", 1 / 255, 0]]).slice(0, -1);
  const [, first, ...rest] = blocks("nothing");
  const layers = [...before, { ...first, inputs: [before.at(-1)?.name] }, ...rest] as Layer[];
  const { preprocessing } = decidePreprocessing({ name: "any", layers }, 5);
  expect(preprocessing).toMatchObject({ ...PREPROCESSINGS.none, guessed: ["values", "fit"] });
  expect(preprocessing.source).toMatch(/own Rescaling, which gives VGG of Keras other values/);
  expect(preprocessing.turned).toBeUndefined();
});

test("a Caffe network that scales its own input is not turned", () => {
  const plain = decidePreprocessing({ name: "any", layers: scaling([], "res2a_branch2a") }, 5);
  expect(plain.preprocessing).toMatchObject({ ...CAFFE, turned: true, guessed: ["values", "fit"] });
  expect(plain.layers.at(-1)).toMatchObject({ w: { data: new Float32Array([3, 2, 1]) } });
  const own = decidePreprocessing(
    { name: "any", layers: scaling([["Rescaling", 1 / 255, 0]], "res2a_branch2a") },
    5,
  );
  expect(own.preprocessing).toMatchObject(PREPROCESSINGS.none);
  expect(own.preprocessing.turned).toBeUndefined();
  expect(own.layers.at(-1)).toMatchObject({ w: { data: new Float32Array([1, 2, 3]) } });
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
});

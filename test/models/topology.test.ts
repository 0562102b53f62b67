import { expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../src/gpu/errors.ts";
import { type Layer, shapesOf } from "../../src/graph/graph.ts";
import { headOf } from "../../src/graph/heads.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { functional, kerasLayer, memoryFiles, modelOf, sequential, type Weight } from "./fixtures.ts";

const CONV = { filters: 3, kernel_size: [3, 3], padding: "same" };
const convWeights = (name: string, cin = 2, cout = 3): Weight[] => [
  { name: `${name}/kernel`, shape: [3, 3, cin, cout] },
  { name: `${name}/bias`, shape: [cout] },
];
const IMAGE = ["InputLayer", "image", { batch_input_shape: [null, 6, 6, 2] }, []] as const;
const namesOf = (graph: { readonly layers: readonly Layer[] }) => graph.layers.map((layer) => layer.name);

/** Weights aside, the layer of a Sequential model that holds only it, on a 6×6×2 image. */
async function only(
  className: string,
  config: Record<string, unknown> = {},
  weights: Weight[] = [],
  shape?: (number | null)[],
) {
  const graph = await loadLayersModel(
    modelOf(sequential([kerasLayer(className, "it", config)], shape), weights),
  );
  const layer = graph.layers.find(({ name }) => name === "it");
  if (!layer) throw new Error("expected a layer");
  return { graph, layer, shape: shapesOf(graph).get("it") };
}

test("a Sequential model reads its input shape from its first layer, an InputLayer, or its build shape", async () => {
  const conv = kerasLayer("Conv2D", "conv", CONV);
  const expected = [
    ["input", [1, 6, 6, 2]],
    ["conv", [1, 6, 6, 3]],
  ];
  const shapes = async (topology: unknown) => [
    ...shapesOf(await loadLayersModel(modelOf(topology, convWeights("conv")))),
  ];
  expect(await shapes(sequential([conv]))).toEqual(expected);
  // Before Keras 2.2 the config was the list of layers.
  const old = sequential([conv]).model_config;
  expect(await shapes({ model_config: { ...old, config: old.config.layers } })).toEqual(expected);
  // tfjs has no model_config around it.
  expect(await shapes(old)).toEqual(expected);
  const input = kerasLayer("InputLayer", "input", { batch_shape: [null, 6, 6, 2] });
  expect(await shapes({ class_name: "Sequential", config: { name: "s", layers: [input, conv] } })).toEqual(
    expected,
  );
  const built = {
    class_name: "Sequential",
    config: { name: "s", layers: [conv], build_input_shape: [null, 6, 6, 2] },
  };
  expect(await shapes(built)).toEqual(expected);
});

test("the caller may give the input's size where the model leaves it free", async () => {
  const files = modelOf(
    sequential([kerasLayer("Conv2D", "conv", CONV)], [null, null, 2]),
    convWeights("conv"),
  );
  await expect(loadLayersModel(files)).rejects.toThrow(
    /expected an input of fixed size, got \?×\?×2; give options.inputShape/,
  );
  const graph = await loadLayersModel(files, { inputShape: [7, 9, 2] });
  expect(shapesOf(graph).get("conv")).toEqual([1, 7, 9, 3]);
  await expect(loadLayersModel(files, { inputShape: [7, 9, 3] })).rejects.toThrow(/with 2 channels, got 3/);
});

test("connections are read as Keras 2 and as Keras 3 writes them", async () => {
  const tensor = (layer: string) => ({
    class_name: "__keras_tensor__",
    config: { shape: [], dtype: "float32", keras_history: [layer, 0, 0] },
  });
  const two = functional(
    [
      IMAGE,
      ["Conv2D", "conv", CONV, [[["image", 0, 0, {}]]]],
      ["ReLU", "relu", {}, [[["conv", 0, 0, {}]]]],
      [
        "Add",
        "add",
        {},
        [
          [
            ["conv", 0, 0, {}],
            ["relu", 0, 0, {}],
          ],
        ],
      ],
    ],
    [["add", 0, 0]],
  );
  const three = functional(
    [
      IMAGE,
      ["Conv2D", "conv", CONV, [{ args: [tensor("image")], kwargs: {} }]],
      ["ReLU", "relu", {}, [{ args: [tensor("conv")], kwargs: {} }]],
      ["Add", "add", {}, [{ args: [[tensor("conv"), tensor("relu")]], kwargs: {} }]],
    ],
    ["add", 0, 0],
    ["image", 0, 0],
  );
  const graphs = await Promise.all(
    [two, three].map((topology) => loadLayersModel(modelOf(topology, convWeights("conv")))),
  );
  expect(graphs[1]).toEqual(graphs[0]);
  expect(graphs[0]?.layers.map(({ name, inputs }) => [name, inputs])).toEqual([
    ["image", []],
    ["conv", ["image"]],
    ["relu", ["conv"]],
    ["add", ["conv", "relu"]],
  ]);
});

test("layers may be listed in any order", async () => {
  const layers = [
    [
      "Add",
      "add",
      {},
      [
        [
          ["relu", 0, 0, {}],
          ["image", 0, 0, {}],
        ],
      ],
    ],
    ["ReLU", "relu", {}, [[["image", 0, 0, {}]]]],
    IMAGE,
  ] as const;
  expect(namesOf(await loadLayersModel(modelOf(functional(layers, [["add", 0, 0]]), [])))).toEqual([
    "image",
    "relu",
    "add",
  ]);
});

test("an output that needs what there is not is left out with its weights, unless it is asked", async () => {
  const layers = [
    IMAGE,
    ["Conv2D", "conv", CONV, [[["image", 0, 0, {}]]]],
    ["Conv2D", "other", CONV, [[["image", 0, 0, {}]]]],
    ["Lambda", "strange", {}, [[["other", 0, 0, {}]]]],
  ] as const;
  const files = (...outputs: string[]) =>
    modelOf(
      functional(
        layers,
        outputs.map((name) => [name, 0, 0]),
      ),
      [...convWeights("conv"), ...convWeights("other")],
    );
  const graph = await loadLayersModel(files("conv", "strange"));
  expect([namesOf(graph), graph.output]).toEqual([["image", "conv"], "conv"]);
  expect(graph.leftOut).toEqual({ strange: expect.stringMatching(/"strange" \(Lambda\)/) });
  expect(() => headOf(graph, "strange")).toThrow(/left out: .*Lambda/);
  for (const asked of [
    loadLayersModel(files("strange", "conv")),
    loadLayersModel(files("conv", "strange"), { output: "strange" }),
  ]) {
    await expect(asked).rejects.toThrow(UnsupportedError);
  }
  const other = await loadLayersModel(files("strange", "conv"), { output: "conv" });
  expect([other.output, Object.keys(other.leftOut ?? {})]).toEqual(["conv", ["strange"]]);
});

test.each([0, 1])("calls of a nested model may be counted from %d", async (from) => {
  const inner = functional([IMAGE, ["ReLU", "relu", {}, [[["image", 0, 0, {}]]]]], [["relu", 0, 0]]);
  const layers = [
    IMAGE,
    ["Functional", "block", inner.config, [[["image", 0, 0, {}]], [["block", from, 0, {}]]]],
    [
      "Add",
      "add",
      {},
      [
        [
          ["block", from, 0, {}],
          ["block", from + 1, 0, {}],
        ],
      ],
    ],
  ] as const;
  const topology = functional(layers, [["add", 0, 0]]);
  const graph = await loadLayersModel(modelOf({ ...topology }, []));
  expect(graph.layers.map(({ name, inputs }) => [name, inputs])).toEqual([
    ["image", []],
    ["block/relu", ["image"]],
    ["block:1/relu", ["block/relu"]],
    ["add", ["block/relu", "block:1/relu"]],
  ]);
});

test.each(["outer/conv", "conv", "whole/outer/conv"])(
  "a nested layer finds its weights under %s",
  async (stored) => {
    const inner = {
      class_name: "Sequential",
      config: {
        name: "outer",
        layers: sequential([kerasLayer("Conv2D", "conv", CONV)]).model_config.config.layers,
      },
    };
    const files = modelOf(
      { class_name: "Sequential", config: { name: "whole", layers: [inner] } },
      convWeights(stored),
    );
    expect(namesOf(await loadLayersModel(files))).toEqual(["input", "outer/conv"]);
  },
);

test("one weight cannot serve two layers", async () => {
  const block = (name: string) => ({
    class_name: "Sequential",
    config: {
      name,
      layers: sequential([kerasLayer("Conv2D", "conv", { ...CONV, filters: 2 })]).model_config.config.layers,
    },
  });
  const files = modelOf(
    { class_name: "Sequential", config: { name: "whole", layers: [block("a"), block("b")] } },
    convWeights("conv", 2, 2),
  );
  await expect(loadLayersModel(files)).rejects.toThrow(
    /layer "b\/conv" \(Conv2D\): expected a weight "kernel" of its own, got "conv\/kernel", which belongs to layer "a\/conv"/,
  );
});

test("axes count from the end where they are negative, and slopes are Keras's own where none is given", async () => {
  const image = ["InputLayer", "image", { batch_input_shape: [null, 4, 5, 2] }, []] as const;
  const inbound = [
    [
      ["image", 0, 0, {}],
      ["image", 0, 0, {}],
    ],
  ];
  for (const [config, axis] of [
    [{}, 3],
    [{ axis: -1 }, 3],
    [{ axis: -2 }, 2],
    [{ axis: 1 }, 1],
  ] as const) {
    const layers = [image, ["Concatenate", "it", config, inbound]] as const;
    const graph = await loadLayersModel(modelOf(functional(layers, [["it", 0, 0]]), []));
    expect(graph.layers.at(-1)).toMatchObject({ op: "concat", axis });
  }
  for (const [className, config, alpha] of [
    ["Activation", { activation: "leaky_relu" }, 0.2],
    ["LeakyReLU", {}, 0.3],
    ["LeakyReLU", { alpha: 0.25 }, 0.25],
    ["LeakyReLU", { negative_slope: 0.125 }, 0.125],
  ] as const) {
    const { layer } = await only(className, config);
    expect(layer).toMatchObject({ activation: { kind: "leakyRelu", alpha } });
  }
});

test("a fused softmax or swish becomes a layer of its own, after the values before it", async () => {
  const dense = (activation: string) => kerasLayer("Dense", "scores", { units: 3, activation });
  for (const [activation, name] of [
    ["softmax", "scores/softmax"],
    ["swish", "scores/swish"],
    ["silu", "scores/swish"],
  ] as const) {
    const topology = sequential(
      [kerasLayer("Flatten", "flat"), dense(activation), kerasLayer("Dropout", "drop")],
      [1, 1, 2],
    );
    const graph = await loadLayersModel(
      modelOf(topology, [
        { name: "scores/kernel", shape: [2, 3] },
        { name: "scores/bias", shape: [3] },
      ]),
    );
    expect(graph.layers.slice(2).map((layer) => [layer.name, layer.inputs[0]])).toEqual([
      ["scores", "flat"],
      [name, "scores"],
      ["drop", name],
    ]);
  }
});

test("batch normalisation is folded in double precision, with or without gamma and beta", async () => {
  const [gamma, beta, mean, variance] = [
    [0.1, 2],
    [0.3, -1],
    [1000.1, 3],
    [1e-7, 4],
  ];
  const all: Record<string, number[]> = {
    gamma,
    beta,
    moving_mean: mean,
    moving_variance: variance,
  } as Record<string, number[]>;
  const f = Math.fround;
  // Without one, Keras's own default counts.
  for (const [scale, center, epsilon = 1e-3] of [
    [true, true],
    [false, true, 0.25],
    [true, false, 1e-3],
  ] as const) {
    const weights = Object.entries(all)
      .filter(([name]) => (name !== "gamma" || scale) && (name !== "beta" || center))
      .map(([name, values]) => ({ name: `it/${name}`, shape: [2], values }));
    const given = scale && center ? {} : { epsilon };
    const { layer } = await only("BatchNormalization", { axis: [3], ...given, scale, center }, weights);
    if (layer.op !== "batchNorm") throw new Error("expected batchNorm");
    for (const c of [0, 1]) {
      const exact = (scale ? f(gamma?.[c] ?? 0) : 1) / Math.sqrt(f(variance?.[c] ?? 0) + epsilon);
      expect(layer.scale[c]).toBe(f(exact));
      expect(layer.offset[c]).toBe(f((center ? f(beta?.[c] ?? 0) : 0) - f(mean?.[c] ?? 0) * exact));
    }
  }
});

test("layers that only matter in training pass their input on", async () => {
  for (const className of ["Dropout", "SpatialDropout2D", "GaussianNoise", "RandomFlip"]) {
    const { layer, shape } = await only(className, { rate: 0.3 });
    expect([layer.op, shape]).toEqual(["reshape", [1, 6, 6, 2]]);
  }
  const seed = {
    name: "it/seed_generator/seed_generator_state",
    shape: [2],
    dtype: "int32",
    bytes: new ArrayBuffer(8),
  };
  expect((await only("Dropout", {}, [seed])).layer.op).toBe("reshape");
});

test("rescaling and normalisation become a scale and an offset a channel", async () => {
  expect((await only("Rescaling", { scale: 0.5, offset: -1 })).layer).toMatchObject({
    op: "batchNorm",
    scale: Float32Array.of(0.5, 0.5),
    offset: Float32Array.of(-1, -1),
  });
  const expected = { op: "batchNorm", scale: Float32Array.of(0.5, 0.25), offset: Float32Array.of(-1, -0.75) };
  expect(
    (await only("Normalization", { axis: [-1], mean: [[[[2, 3]]]], variance: [[[[4, 16]]]] })).layer,
  ).toMatchObject(expected);
  const stored = [
    { name: "it/mean", shape: [2], values: [2, 3] },
    { name: "it/variance", shape: [2], values: [4, 16] },
    { name: "it/count", shape: [], dtype: "int32", bytes: new ArrayBuffer(4) },
  ];
  expect((await only("Normalization", { axis: -1 }, stored)).layer).toMatchObject(expected);
});

test.each<
  [className: string, config: Record<string, unknown>, layer: Record<string, unknown>, shape: number[]]
>([
  [
    "MaxPooling2D",
    { pool_size: [2, 3], strides: null, padding: "valid" },
    { op: "pool", mode: "max", strides: [2, 3] },
    [1, 3, 2, 2],
  ],
  [
    "AveragePooling2D",
    { pool_size: 3, strides: 2, padding: "same" },
    { op: "pool", mode: "average", size: [3, 3] },
    [1, 3, 3, 2],
  ],
  ["GlobalMaxPooling2D", {}, { op: "globalPool", mode: "max" }, [1, 2]],
  [
    "GlobalAveragePooling2D",
    { keepdims: true },
    { op: "globalPool", mode: "average", keepDims: true },
    [1, 1, 1, 2],
  ],
  [
    "ZeroPadding2D",
    { padding: 2 },
    { before: [2, 2, 0], after: [2, 2, 0], mode: "constant" },
    [1, 10, 10, 2],
  ],
  [
    "ZeroPadding2D",
    { padding: [1, 2] },
    { before: [1, 2, 0], after: [1, 2, 0], mode: "constant" },
    [1, 8, 10, 2],
  ],
  [
    "ZeroPadding2D",
    {
      padding: [
        [0, 1],
        [2, 3],
      ],
    },
    { before: [0, 2, 0], after: [1, 3, 0], mode: "constant" },
    [1, 7, 11, 2],
  ],
  ["Flatten", {}, { op: "reshape" }, [1, 72]],
  ["Reshape", { target_shape: [-1, 12] }, { shape: [6, 12] }, [1, 6, 12]],
  [
    "UpSampling2D",
    { size: [2, 3], interpolation: "bilinear" },
    { mode: "linear", to: { factor: [2, 3] } },
    [1, 12, 18, 2],
  ],
  ["ReLU", { max_value: null }, { activation: { kind: "relu" } }, [1, 6, 6, 2]],
  [
    "ReLU",
    { max_value: 6, negative_slope: 0, threshold: 0 },
    { activation: { kind: "relu6" } },
    [1, 6, 6, 2],
  ],
  ["ReLU", { negative_slope: 0.25 }, { activation: { kind: "leakyRelu", alpha: 0.25 } }, [1, 6, 6, 2]],
  ["ReLU", { max_value: 4 }, { activation: { kind: "clip", alpha: 0, beta: 4 } }, [1, 6, 6, 2]],
  ["ReLU", { threshold: 1 }, { activation: { kind: "generalRelu", alpha: 0, beta: 1 } }, [1, 6, 6, 2]],
  ["LeakyReLU", { alpha: 0.1 }, { activation: { kind: "leakyRelu", alpha: 0.1 } }, [1, 6, 6, 2]],
  ["LeakyReLU", { negative_slope: 0.2 }, { activation: { kind: "leakyRelu", alpha: 0.2 } }, [1, 6, 6, 2]],
  ["LeakyReLU", {}, { activation: { kind: "leakyRelu", alpha: 0.3 } }, [1, 6, 6, 2]],
  ["Activation", { activation: "linear" }, { op: "reshape" }, [1, 6, 6, 2]],
  ["Activation", { activation: "softmax" }, { op: "softmax" }, [1, 6, 6, 2]],
  [
    "Activation",
    { activation: { class_name: "function", config: "relu6" } },
    { activation: { kind: "relu6" } },
    [1, 6, 6, 2],
  ],
  ["Softmax", { axis: 3 }, { op: "softmax" }, [1, 6, 6, 2]],
  [
    "Cropping2D",
    {
      cropping: [
        [1, 2],
        [0, 3],
      ],
    },
    { op: "slice", starts: [1, 0, 0] },
    [1, 3, 3, 2],
  ],
  ["Cropping2D", { cropping: 1 }, { op: "slice", starts: [1, 1, 0] }, [1, 4, 4, 2]],
  ["CenterCrop", { height: 3, width: 6 }, { op: "slice", starts: [1, 0, 0] }, [1, 3, 6, 2]],
  ["CenterCrop", { height: 6, width: 6 }, { op: "reshape" }, [1, 6, 6, 2]],
  ["Permute", { dims: [3, 1, 2] }, { op: "permute", axes: [0, 3, 1, 2] }, [1, 2, 6, 6]],
  [
    "LRN",
    { depth_radius: 2, bias: 1, alpha: 2e-5, beta: 0.75 },
    { op: "lrn", radius: 2, bias: 1, alpha: 2e-5, beta: 0.75 },
    [1, 6, 6, 2],
  ],
  ["Custom>LRN", { depth_radius: 2 }, { op: "lrn", radius: 2 }, [1, 6, 6, 2]],
])("%s %o", async (className, config, expected, shape) => {
  const found = await only(className, config);
  expect(found.layer).toMatchObject(expected);
  expect(found.shape).toEqual(shape);
});

test.each<[what: string, className: string, config: Record<string, unknown>, message: RegExp]>([
  ["an unknown layer", "Conv3D", {}, /layer "it" \(Conv3D\): .*got Conv3D; map it with options.customLayers/],
  [
    "an order of the axes that is none",
    "MaxPooling2D",
    { data_format: "NCHW" },
    /layer "it" \(MaxPooling2D\): expected data_format channels_last or channels_first, got NCHW/,
  ],
  [
    "an unknown activation",
    "Activation",
    { activation: "glu" },
    /expected an activation of linear, relu.*got "glu"/,
  ],
  ["a fused unknown activation", "Conv2D", { ...CONV, activation: "snake" }, /got "snake"/],
  ["softmax over two axes", "Softmax", { axis: [1, 2] }, /expected one axis, got \[1,2\]/],
  ["batch normalisation over the batch", "BatchNormalization", { axis: 0 }, /expected one axis .*got \[0\]/],
  [
    "batch normalisation of two axes",
    "BatchNormalization",
    { axis: [1, 3] },
    /expected one axis .*got \[1,3\]/,
  ],
  ["causal padding", "Conv2D", { ...CONV, padding: "causal" }, /expected padding same or valid, got causal/],
  [
    "another enlargement",
    "UpSampling2D",
    { interpolation: "lanczos3" },
    /nearest, bilinear, bicubic, got lanczos3/,
  ],
  ["nine axes", "Reshape", { target_shape: [1, 1, 1, 1, 2, 2, 3, 6] }, /at most 7 axes/],
  ["a product of pictures", "Dot", { axes: 1 }, /expected two inputs, got 1/],
  [
    "a crop of more than there is",
    "CenterCrop",
    { height: 7, width: 2 },
    /an image of at least 7×2, got 6×6/,
  ],
])("%s is not supported", async (_, className, config, message) => {
  const loading = only(className, config, className === "Conv2D" ? convWeights("it") : []);
  await expect(loading).rejects.toThrow(UnsupportedError);
  await expect(loading).rejects.toThrow(message);
});

test("a class that Vitrine does not know may be mapped by the caller", async () => {
  const topology = sequential([kerasLayer("Affine", "it", { by: 2 })]);
  const weights = [{ name: "it/slope", shape: [2], values: [3, 4] }];
  await expect(loadLayersModel(modelOf(topology, weights))).rejects.toThrow(UnsupportedError);
  const { layers } = await loadLayersModel(modelOf(topology, weights), {
    customLayers: {
      Affine: (config, { slope }, [x]) => ({
        op: "batchNorm",
        scale: Float32Array.from(slope?.data ?? [], (v) => v * Number(config.by)),
        offset: new Float32Array(x?.at(-1) ?? 0),
      }),
    },
  });
  expect(layers[1]).toEqual({
    op: "batchNorm",
    name: "it",
    inputs: ["input"],
    className: "Affine",
    scale: Float32Array.of(6, 8),
    offset: Float32Array.of(0, 0),
  });
});

test("several inputs are there in the order that the model names them", async () => {
  // What the second leaves free is as large as the first.
  const two = ["InputLayer", "other", { batch_input_shape: [null, null, 6, 2] }, []] as const;
  const topology = functional(
    [
      IMAGE,
      two,
      [
        "Add",
        "add",
        {},
        [
          [
            ["image", 0, 0, {}],
            ["other", 0, 0, {}],
          ],
        ],
      ],
    ],
    [["add", 0, 0]],
    [
      ["image", 0, 0],
      ["other", 0, 0],
    ],
  );
  const { layers } = await loadLayersModel(modelOf(topology, []));
  expect(layers.map(({ name, op }) => [name, op])).toEqual([
    ["image", "input"],
    ["other", "input"],
    ["add", "add"],
  ]);
});

test.each<
  [what: string, manifest: unknown, error: typeof ModelError | typeof UnsupportedError, message: RegExp]
>([
  [
    "a GraphModel",
    { format: "graph-model", modelTopology: { node: [] }, weightsManifest: [] },
    UnsupportedError,
    /got a GraphModel/,
  ],
  [
    "a GraphModel that does not say so",
    { modelTopology: { node: [] }, weightsManifest: [] },
    UnsupportedError,
    /got a GraphModel/,
  ],
  ["some other JSON", { labels: [] }, ModelError, /expected modelTopology and weightsManifest, got labels/],
  ["a list", [], ModelError, /expected an object/],
  [
    "no layers",
    { modelTopology: { class_name: "Sequential", config: { name: "s", layers: [] } }, weightsManifest: [] },
    ModelError,
    /expected at least one layer/,
  ],
  [
    "a subclassed model",
    { modelTopology: { class_name: "MyModel", config: {} }, weightsManifest: [] },
    UnsupportedError,
    /expected a Sequential or functional model, got MyModel/,
  ],
])("%s is refused", async (_, manifest, error, message) => {
  const loading = loadLayersModel(memoryFiles({ "model.json": JSON.stringify(manifest) }));
  await expect(loading).rejects.toThrow(error);
  await expect(loading).rejects.toThrow(message);
});

test.each([
  ["<!doctype html>", /got a page of HTML/],
  ["", /expected JSON, got ""/],
  ['{"modelTopology":', /expected JSON, got "\{"modelTopology":"/],
])("a manifest of %o is refused", async (text, message) => {
  await expect(loadLayersModel(memoryFiles({ "model.json": text }))).rejects.toThrow(message);
});

const relu = (inbound: unknown, name = "relu") => ["ReLU", name, {}, inbound] as const;

test.each<[what: string, topology: unknown, message: RegExp]>([
  [
    "a connection to nothing",
    functional([IMAGE, relu([[["nobody", 0, 0, {}]]])], [["relu", 0, 0]]),
    /expected a layer "nobody"/,
  ],
  [
    "a call that is not there",
    functional([IMAGE, relu([[["image", 0, 0, {}]]])], [["relu", 2, 0]]),
    /expected a layer "relu" with a call 2/,
  ],
  [
    "a circle",
    functional([IMAGE, relu([[["b", 0, 0, {}]]], "a"), relu([[["a", 0, 0, {}]]], "b")], [["a", 0, 0]]),
    /layer "a" \(ReLU\): expected its inputs to come from earlier layers/,
  ],
  [
    "a name twice",
    functional([IMAGE, relu([[["image", 0, 0, {}]]]), relu([[["image", 0, 0, {}]]])], [["relu", 0, 0]]),
    /got "relu" twice/,
  ],
  [
    "no outputs",
    functional([IMAGE, relu([[["image", 0, 0, {}]]])], []),
    /output_layers: expected at least one/,
  ],
  [
    "a connection of nonsense",
    functional([IMAGE, relu([[[3, 0, 0, {}]]])], [["relu", 0, 0]]),
    /expected a connection/,
  ],
  [
    "an impossible reshape",
    sequential([kerasLayer("Reshape", "it", { target_shape: [5, -1] })]),
    /expected a target_shape of 72 values, got \[5,-1\]/,
  ],
  [
    "a window larger than the image",
    sequential([kerasLayer("MaxPooling2D", "it", { pool_size: 9 })]),
    /layer "it" \(MaxPooling2D\): .*at least 9/,
  ],
  [
    "a number that is text",
    sequential([kerasLayer("MaxPooling2D", "it", { pool_size: ["2", 2] })]),
    /expected pool_size to be numbers/,
  ],
  [
    "a layer without its size",
    sequential([kerasLayer("Conv2D", "it", { filters: 2 })]),
    /expected a kernel_size/,
  ],
  [
    "no input shape",
    { class_name: "Sequential", config: { name: "s", layers: [kerasLayer("ReLU", "it")] } },
    /expected an input shape, got none; give options.inputShape/,
  ],
])("%s is refused", async (_, topology, message) => {
  const loading = loadLayersModel(modelOf(topology, []));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(message);
});

test("a network fed with height×width takes images of one channel", async () => {
  const graph = await loadLayersModel(modelOf(sequential([kerasLayer("Flatten", "flat")], [5, 4]), []));
  expect([...shapesOf(graph)]).toEqual([
    ["input", [1, 5, 4, 1]],
    ["flat", [1, 20]],
  ]);
});

test("a network fed with rows of numbers takes them as they stand", async () => {
  const files = modelOf(sequential([kerasLayer("ReLU", "it")], [784]), []);
  const { layers, preprocessing } = await loadLayersModel(files);
  expect(layers[0]).toMatchObject({ op: "input", shape: [784] });
  expect(preprocessing.guessed).toBeUndefined();
});

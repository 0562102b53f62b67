import { describe, expect, test } from "vitest";
import { ModelError, UnsupportedError, VitrineError } from "../../src/gpu/errors.ts";
import { headOf } from "../../src/graph/heads.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { functional, kerasLayer, memoryFiles, modelOf, sequential, type Weight } from "./fixtures.ts";

// Files that nobody means well: whatever they hold, what comes is a model or an error that says what is wrong.

const load = (manifest: unknown) => loadLayersModel(memoryFiles({ "model.json": JSON.stringify(manifest) }));
const withTopology = (modelTopology: unknown) => ({ modelTopology, weightsManifest: [] });

/** A JSON text nested so deep that a recursive walk would overflow the stack. */
const deep = (levels: number) => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
const DEEP = "DEEP";

const PLAIN = withTopology(sequential([kerasLayer("Flatten", "flat")]));
const flatten = (config: Record<string, unknown>) =>
  withTopology(sequential([kerasLayer("Flatten", "flat", config)]));
const joined = (inbound: unknown, outputs: unknown = [["flat", 0, 0]]) =>
  withTopology(
    functional(
      [
        ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 1] }, []],
        ["Flatten", "flat", {}, inbound],
      ],
      outputs,
    ),
  );
const CALL = [[["image", 0, 0, {}]]];

describe("JSON that is nested very deep", () => {
  test.each<[where: string, manifest: unknown]>([
    ["the manifest", DEEP],
    ["a class's name", withTopology({ class_name: DEEP, config: {} })],
    ["the layers", withTopology({ class_name: "Sequential", config: { layers: DEEP } })],
    ["a layer's name", flatten({ name: DEEP })],
    ["an option", flatten({ data_format: DEEP })],
    ["an option that nobody reads", flatten({ unknown: DEEP })],
    ["the input's shape", flatten({ batch_input_shape: DEEP })],
    ["a connection", joined(DEEP)],
    ["a Keras 3 call's arguments", joined([{ args: DEEP, kwargs: {} }])],
    ["the outputs", joined(CALL, DEEP)],
    ["the weights", { ...PLAIN, weightsManifest: DEEP }],
    [
      "a weight's shape",
      { ...PLAIN, weightsManifest: [{ paths: [], weights: [{ name: "a", shape: DEEP }] }] },
    ],
    ["the labels", { ...PLAIN, userDefinedMetadata: { labels: DEEP } }],
    ["the preprocessing", { ...PLAIN, userDefinedMetadata: { preprocessing: DEEP } }],
  ])("is refused as %s", async (_, manifest) => {
    const text = JSON.stringify(manifest).replaceAll(`"${DEEP}"`, deep(100_000));
    const loading = loadLayersModel(memoryFiles({ "model.json": text }));
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(/nested at most 256 deep/);
  });

  test("is refused within the text of model_config", async () => {
    await expect(load(withTopology({ model_config: deep(100_000) }))).rejects.toThrow(
      /model_config: expected JSON that/,
    );
  });

  test("is refused as models within models", async () => {
    let model: unknown = {
      class_name: "Sequential",
      config: { name: "s", layers: [kerasLayer("Flatten", "f")] },
    };
    for (let level = 0; level < 1000; level++) {
      model = { class_name: "Sequential", config: { name: "s", layers: [model] } };
    }
    await expect(load(withTopology(model))).rejects.toThrow(ModelError);
  });

  test("is read as deep as models go", async () => {
    let model = kerasLayer("Flatten", "f", { batch_input_shape: [null, 2, 2, 1] });
    for (let level = 0; level < 20; level++) model = kerasLayer("Sequential", "s", { layers: [model] });
    const graph = await load(withTopology(model));
    expect(graph.layers.map(({ name }) => name)).toEqual(["input", `${"s/".repeat(19)}f`]);
  });
});

describe("names that every object has", () => {
  const NAMES = ["constructor", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf", "__proto__"];

  test.each(NAMES)("%s is no activation", async (activation) => {
    for (const form of [activation, { class_name: "Custom", config: activation }]) {
      const dense = kerasLayer("Dense", "d", { units: 1, use_bias: false, activation: form });
      const weights: Weight[] = [{ name: "d/kernel", shape: [2, 1] }];
      for (const [layer, held] of [
        [dense, weights],
        [kerasLayer("Activation", "a", { activation: form }), []],
      ] as const) {
        await expect(loadLayersModel(modelOf(sequential([layer]), held))).rejects.toThrow(UnsupportedError);
      }
    }
  });

  test.each(NAMES)("%s is no class of layers, no dtype and no preprocessing", async (name) => {
    await expect(load(withTopology(sequential([kerasLayer(name, "a")])))).rejects.toThrow(UnsupportedError);
    for (const weight of [
      { dtype: name },
      { dtype: "float32", quantization: { dtype: name, scale: 1, min: 0 } },
    ]) {
      const weights = [{ name: "a", shape: [1], ...weight }];
      await expect(load({ ...PLAIN, weightsManifest: [{ paths: ["a"], weights }] })).rejects.toThrow(
        UnsupportedError,
      );
    }
    const options = { preprocessing: name as "unit" };
    const files = memoryFiles({ "model.json": JSON.stringify(PLAIN) });
    await expect(loadLayersModel(files, options)).rejects.toThrow(VitrineError);
  });

  test.each(NAMES)("%s is a layer's name like any other", async (name) => {
    const weights: Weight[] = [{ name: `${name}/kernel`, shape: [2, 1], values: [3, 4] }];
    const layer = kerasLayer("Dense", name, { units: 1, use_bias: false });
    const graph = await loadLayersModel(modelOf(sequential([layer]), weights));
    expect(graph.layers.at(-1)).toMatchObject({ name, w: { data: Float32Array.of(3, 4) } });
  });
});

test("model_config that is text but no JSON is refused", async () => {
  const loading = load(withTopology({ model_config: "nope" }));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(/model_config: expected JSON, got "nope"/);
});

describe("nested models", () => {
  /** Models within models, each called `calls` times by the one around it. */
  function bomb(levels: number, calls: number): ReturnType<typeof functional> & { readonly name: string } {
    const name = `m${levels}`;
    const inner = levels === 0 ? undefined : bomb(levels - 1, calls);
    const part = inner?.name ?? "leaf";
    const inbound = Array.from({ length: levels === 0 ? 1 : calls }, (_, i) => [
      [i === 0 ? "i" : part, Math.max(0, i - 1), 0, {}],
    ]);
    const model = functional(
      [["InputLayer", "i", { batch_input_shape: [null, 2, 2, 1] }, []]],
      [[part, inbound.length - 1, 0]],
      [["i", 0, 0]],
    );
    const called = inner ?? { class_name: "Dropout", name: part, config: { name: part } };
    const layers = [
      ...model.config.layers,
      { ...called, inbound_nodes: inbound },
    ] as typeof model.config.layers;
    return { ...model, name, config: { ...model.config, name, layers } };
  }

  // Each level has an input beside the model that it calls.
  test.each([
    [24, 2, /got 50331647$/],
    [12, 3, /got 1328602$/],
    [60, 16, /got 3\.6\d+e\+72$/],
  ])("%i deep, each called %i times, are counted before they are unfolded", async (levels, calls, count) => {
    const loading = load(withTopology(bomb(levels, calls)));
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(
      /expected at most 20000 layers, nested models counted at each call/,
    );
    await expect(loading).rejects.toThrow(count);
  });

  test("of many layers leave the event loop its turn, and stop at the signal", async () => {
    const topology = withTopology(bomb(12, 2));
    const ticks: number[] = [];
    const timer = setInterval(() => ticks.push(performance.now()), 1);
    const graph = await load(topology);
    clearInterval(timer);
    expect(graph.layers).toHaveLength(2 ** 12 + 1);
    expect(ticks.length).toBeGreaterThan(2);

    const stop = new AbortController();
    const files = memoryFiles({ "model.json": JSON.stringify(topology) });
    const loading = loadLayersModel(files, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 1);
    await expect(loading).rejects.toThrow("enough");
  });

  test("whose names grow beyond measure are refused", async () => {
    const layer = kerasLayer("Flatten", "x".repeat(2000));
    await expect(load(withTopology(sequential([layer])))).rejects.toThrow(/a name of at most 1024 letters/);
  });
});

test("layers that stand in the reverse order are put right", async () => {
  const count = 3000;
  const names = Array.from({ length: count }, (_, i) => `layer${i}`);
  const layers = names.map(
    (name, i) => ["Dropout", name, {}, [[[i === 0 ? "image" : `layer${i - 1}`, 0, 0, {}]]]] as const,
  );
  const image = ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 1] }, []] as const;
  const topology = functional([...layers.toReversed(), image], [[`layer${count - 1}`, 0, 0]]);
  const graph = await load(withTopology(topology));
  expect(graph.layers.map(({ name }) => name)).toEqual(["image", ...names]);
});

test("a layer that reads very many layers which come after it costs no more than reading them", async () => {
  const names = Array.from({ length: 15_000 }, (_, i) => `layer${i}`);
  const image = ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 1] }, []] as const;
  const sum = ["Add", "sum", {}, [names.map((name) => [name, 0, 0, {}])]] as const;
  const layers = names.map((name) => ["Dropout", name, {}, [[["image", 0, 0, {}]]]] as const);
  const graph = await load(withTopology(functional([image, sum, ...layers], [["sum", 0, 0]])));
  expect(graph.layers.map(({ name }) => name)).toEqual(["image", ...names, "sum"]);
});

test("an object of no outputs is refused as a list of none is", async () => {
  await expect(load(joined(CALL, {}))).rejects.toThrow(/output_layers: expected at least one, got none/);
});

describe("heads of networks that are made to be long to look through", () => {
  const image = ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 1] }, []] as const;
  /** Layers one after the other, each reading the one before it so many times. */
  const chain = (length: number, className: string, times: number, config: Record<string, unknown> = {}) =>
    Array.from({ length }, (_, i) => {
      const before = i === 0 ? "image" : `layer${i - 1}`;
      return [className, `layer${i}`, config, [Array(times).fill([before, 0, 0, {}])]] as const;
    });

  test.each([
    ["15,000 that only show another", chain(15_000, "Dropout", 1)],
    ["200 sums of one layer with itself", chain(200, "Add", 2)],
    ["26 joins of one layer with itself", chain(26, "Concatenate", 2)],
    ["200 poolings", chain(200, "AveragePooling2D", 1, { pool_size: 1 })],
    ["a sum of 200,000", chain(1, "Add", 200_000)],
  ])("%s", async (_, layers) => {
    const graph = await load(
      withTopology(functional([image, ...layers], [[`layer${layers.length - 1}`, 0, 0]])),
    );
    expect(headOf(graph).kind).toBe("places");
    expect(graph.layers).toHaveLength(layers.length + 1);
  });

  test("very many outputs of which one cannot be had are refused at once", async () => {
    const odd = ["Odd", "odd", {}, [[["image", 0, 0, {}]]]] as const;
    const layers = chain(5000, "Dropout", 1);
    const outputs = [...layers.map(([, name]) => [name, 0, 0]), ["odd", 0, 0]];
    await expect(load(withTopology(functional([image, ...layers, odd], outputs)))).rejects.toThrow(
      UnsupportedError,
    );
  });

  test("an input or layers of very many channels are refused", async () => {
    const scale = (i: number) => kerasLayer("Rescaling", `scale${i}`, { scale: 2 });
    await expect(load(withTopology(sequential([scale(0)], [1, 1, 2 ** 20])))).rejects.toThrow(
      /at most 16384 channels/,
    );
    const many = Array.from({ length: 1000 }, (_, i) => scale(i));
    await expect(load(withTopology(sequential(many, [1, 1, 8192])))).rejects.toThrow(
      /options that make at most/,
    );
    const flat = [kerasLayer("Flatten", "flat"), scale(0)];
    await expect(load(withTopology(sequential(flat, [8192, 8192, 32])))).rejects.toThrow(
      /options that make at most/,
    );
  });
});

test("layers in a circle are refused, however large it is", async () => {
  const count = 3000;
  const layers = Array.from(
    { length: count },
    (_, i) => ["Dropout", `layer${i}`, {}, [[[`layer${(i + 1) % count}`, 0, 0, {}]]]] as const,
  );
  const image = ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 1] }, []] as const;
  await expect(load(withTopology(functional([image, ...layers], [["layer0", 0, 0]])))).rejects.toThrow(
    /expected its inputs to come from earlier layers/,
  );
});

describe("sizes and numbers beyond all measure", () => {
  const KERNEL: Weight = { name: "c/kernel", shape: [3, 3, 2, 4] };
  const conv = (config: Record<string, unknown>) =>
    [
      kerasLayer("Conv2D", "c", { filters: 4, kernel_size: 3, use_bias: false, ...config }),
      [KERNEL],
    ] as const;
  const bare = (className: string, config: Record<string, unknown>) =>
    [kerasLayer(className, "l", config), []] as const;
  const NO_NUMBER = { toString: null, valueOf: null };

  test.each<[what: string, layer: ReturnType<typeof kerasLayer>, weights: readonly Weight[]]>([
    ["a slope of 1e39", ...bare("LeakyReLU", { alpha: 1e39 })],
    ["a slope of -1e300", ...bare("ReLU", { negative_slope: -1e300 })],
    ["a scale of 1e39", ...bare("Rescaling", { scale: 1e39 })],
    ["an offset among offsets of 1e39", ...bare("Rescaling", { scale: 1, offset: [0, 1e39] })],
    ["negative strides", ...conv({ strides: [-1, 1] })],
    ["strides of 0", ...conv({ strides: 0 })],
    ["strides of 1e30", ...conv({ strides: 1e30 })],
    ["half a stride", ...conv({ strides: 0.5 })],
    ["a dilation of 1e30", ...conv({ dilation_rate: 1e30, padding: "same" })],
    ["filters of 1e30", ...conv({ filters: 1e30 })],
    ["a kernel of 1e9", ...conv({ kernel_size: 1e9 })],
    ["a negative kernel", ...conv({ kernel_size: [-3, -3] })],
    ["a pool's windows of 1e9", ...bare("MaxPooling2D", { pool_size: 1e9, padding: "same" })],
    ["a pool's strides of 1e30", ...bare("AveragePooling2D", { strides: 1e30 })],
    ["a border of 1e15", ...bare("ZeroPadding2D", { padding: 1e15 })],
    [
      "a border of an object",
      ...bare("ZeroPadding2D", {
        padding: [
          [NO_NUMBER, 0],
          [0, 0],
        ],
      }),
    ],
    [
      "a border of lists",
      ...bare("ZeroPadding2D", {
        padding: [
          [[1], 0],
          [0, 0],
        ],
      }),
    ],
    ["an enlargement by 1e30", ...bare("UpSampling2D", { size: 1e30 })],
    ["an enlargement by 1e6", ...bare("UpSampling2D", { size: 1e6 })],
    ["a shape of negative axes", ...bare("Reshape", { target_shape: [-8, -9] })],
    ["a shape of 0", ...bare("Reshape", { target_shape: [0, -1] })],
    ["an axis of an object", ...bare("Softmax", { axis: NO_NUMBER })],
    ["statistics of objects", ...bare("Normalization", { mean: [NO_NUMBER, 1], variance: [1, 1] })],
    ["a negative variance", ...bare("Normalization", { mean: 1, variance: -1 })],
    ["a radius of 1e30", ...bare("LRN", { depth_radius: 1e30 })],
    ["a radius of half", ...bare("LRN", { depth_radius: 0.5 })],
    ["a negative radius", ...bare("LRN", { depth_radius: -2 })],
  ])("%s: refused", async (_, layer, weights) => {
    const loading = loadLayersModel(modelOf(sequential([layer]), weights));
    await expect(loading).rejects.toThrow(VitrineError);
    await expect(loading).rejects.toThrow(/^layer "/);
  });

  test.each([[[1e30, 1, 3]], [[1e6, 1e6, 3]], [[65536, 65536, 3]]])(
    "an input of %j is refused",
    async (shape) => {
      await expect(load(withTopology(sequential([kerasLayer("Dropout", "d")], shape)))).rejects.toThrow(
        ModelError,
      );
    },
  );

  test("an input of a thousand axes, and a thousand inputs that do not fit, are refused in a few words", async () => {
    const wide = withTopology(sequential([kerasLayer("Dropout", "d")], Array(1000).fill(1)));
    await expect(load(wide)).rejects.toThrow(/at most 8 axes, got 1001$/);
    const many = functional(
      [
        ["InputLayer", "image", { batch_input_shape: [null, 2, 2, 3] }, []],
        ["Flatten", "flat", {}, CALL],
        ["Add", "add", {}, [[["flat", 0, 0], ...Array(1000).fill(["image", 0, 0])]]],
      ],
      [["add", 0, 0]],
    );
    const error = await load(withTopology(many)).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(VitrineError);
    expect((error as Error).message.length).toBeLessThan(300);
  });

  test("a number beyond JSON's is refused where it matters", async () => {
    const text = JSON.stringify(withTopology(sequential([kerasLayer("LeakyReLU", "l", { alpha: 7 })])));
    const files = memoryFiles({ "model.json": text.replace("7", "1e999") });
    await expect(loadLayersModel(files)).rejects.toThrow(/expected alpha to be a number/);
  });

  test("batch statistics that no float holds are refused", async () => {
    const weights = ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => ({
      name: `n/${name}`,
      shape: [2],
      values: name === "gamma" ? [1e38, 1] : [0, 0],
    }));
    const layer = kerasLayer("BatchNormalization", "n", { epsilon: 1e-9 });
    await expect(loadLayersModel(modelOf(sequential([layer]), weights))).rejects.toThrow(
      /layer "n" \(BatchNormalization\): expected scales and offsets that are finite/,
    );
  });

  test.each([
    ["a weight of 2^60 values", { shape: [2 ** 30, 2 ** 30] }],
    ["a weight of 1e300 values", { shape: [1e300, 1e300] }],
    ["a weight of a thousand axes", { shape: Array(1000).fill(1) }],
  ])("%s is refused", async (_, spec) => {
    const weights = [{ name: "a", dtype: "float32", ...spec }];
    await expect(load({ ...PLAIN, weightsManifest: [{ paths: ["a"], weights }] })).rejects.toThrow(
      /weight "a": expected at most 8 axes and 4294967296 values/,
    );
  });

  test("a file named very often takes no memory", async () => {
    const specs = Array.from({ length: 200 }, (_, i) => ({
      paths: ["big.bin"],
      weights: [{ name: `w${i}`, shape: [2 ** 18], dtype: "float32" }],
    }));
    const files = memoryFiles({
      "model.json": JSON.stringify({ ...PLAIN, weightsManifest: specs }),
      "big.bin": new ArrayBuffer(2 ** 20),
    });
    await expect(loadLayersModel(files)).rejects.toThrow(/files that are named more than once/);
  });

  test("a manifest of more than 32 MiB is refused", async () => {
    const text = `${JSON.stringify(PLAIN)}${" ".repeat(2 ** 25)}`;
    await expect(loadLayersModel(memoryFiles({ "model.json": text }))).rejects.toThrow(
      /expected at most 33554432 bytes/,
    );
  });
});

import { describe, expect, test } from "vitest";
import { InputError, ModelError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { headsOf } from "../../../src/graph/heads.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { loadGraphModel } from "../../../src/models/load-graph-model.ts";
import { loadModel } from "../../../src/models/load-model.ts";
import { memoryFiles } from "../fixtures.ts";
import { differenceOf, noise, ourOutputs, tfjsOutputs } from "./referee.ts";
import { GraphWriter } from "./written.ts";

const SAME = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: "SAME" };

/** A convolution, a pool over places and two outputs: the classes and the map before them. */
function twoOutputs(shape: readonly number[] = [-1, 5, 4, 3]): GraphWriter {
  const g = new GraphWriter();
  const x = g.input(shape, "image");
  const conv = g.node("Conv2D", [x, g.weights("w", [3, 3, 3, 2])], SAME, "net/conv/Conv2D");
  const relu = g.node("Relu", [conv], {}, "net/conv/Relu");
  const mean = g.node("Mean", [relu, g.integers("axes", [1, 2])], { keep_dims: false }, "net/mean");
  g.node("Identity", [g.node("Softmax", [mean], {}, "net/classes")], {}, "Identity");
  g.node("Identity", [relu], {}, "Identity_1");
  return g;
}

const TWO = { classes: "Identity:0", "map:0": "Identity_1:0" };

describe("names", () => {
  test("are the nodes' own, and the signature's at the outputs", async () => {
    const graph = await loadGraphModel(twoOutputs().files(TWO));
    expect(graph.layers.map(({ name }) => name)).toEqual([
      "image",
      "net/conv/Conv2D",
      "map",
      "net/mean",
      "classes",
    ]);
    expect([graph.output, graph.outputs]).toEqual(["classes", ["classes", "map"]]);
    expect(headsOf(graph).map(({ kind }) => kind)).toEqual(["softmax", "places"]);
    expect(graph.leftOut).toBeUndefined();
  });

  test("without a signature are those of the nodes that nobody reads", async () => {
    const graph = await loadGraphModel(twoOutputs().files());
    expect(graph.outputs).toEqual(["Identity", "Identity_1"]);
  });

  test.each(["map", "map:0", "Identity_1", "Identity_1:0"])("choose an output: %s", async (output) => {
    const graph = await loadGraphModel(twoOutputs().files(TWO), { output });
    expect([graph.output, graph.outputs]).toEqual(["map", ["map", "classes"]]);
  });

  test("of outputs that are not there are refused with those that are", async () => {
    const loading = loadGraphModel(twoOutputs().files(TWO), { output: "boxes" });
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(/"classes", "map", got "boxes"/);
  });

  test("of a fused operator's parts stand below its own", async () => {
    const g = new GraphWriter();
    const given = [g.input([-1, 4, 4, 3]), g.weights("w", [1, 1, 3, 2]), g.weights("b", [2])];
    const fused = { ...SAME, fused_ops: ["BiasAdd", "Relu"], num_args: { int: 1 } };
    const y = g.node("_FusedConv2D", given, fused, "block/Relu");
    const graph = await loadGraphModel(g.files({ [y]: y }));
    expect(graph.layers.map(({ name }) => name)).toEqual(["x", "block/Relu/Conv2D", "block/Relu"]);
  });
});

describe("a model's format", () => {
  test("is told by its content", async () => {
    const { format: _, ...old } = twoOutputs().manifest(TWO) as Record<string, unknown>;
    const files = twoOutputs().files(TWO);
    const without = { ...files, read: (path: string) => memory(old).read(path) };
    const memory = (manifest: object) => ({
      read: async (path: string) =>
        path === "model.json"
          ? new TextEncoder().encode(JSON.stringify(manifest)).slice().buffer
          : files.read(path),
    });
    for (const one of [files, without]) {
      expect((await loadModel(one)).outputs).toEqual(["classes", "map"]);
      await expect(loadLayersModel(one)).rejects.toThrow(/got a GraphModel.*loadGraphModel/);
    }
  });

  test.each([
    [
      "a LayersModel",
      { modelTopology: { class_name: "Sequential" }, weightsManifest: [] },
      UnsupportedError,
      /got a LayersModel/,
    ],
    ["a manifest without weights", { modelTopology: { node: [] } }, ModelError, /has weightsManifest/],
    ["other JSON", { labels: [] }, ModelError, /has modelTopology, got labels/],
  ])("other than that is refused: %s", async (_, manifest, kind, message) => {
    const loading = loadGraphModel(memoryFiles({ "model.json": JSON.stringify(manifest) }));
    await expect(loading).rejects.toThrow(kind);
    await expect(loading).rejects.toThrow(message);
  });
});

describe("sizes", () => {
  test("that are open are given, or asked for", async () => {
    const files = twoOutputs([-1, -1, -1, 3]).files(TWO);
    await expect(loadGraphModel(files)).rejects.toThrow(/the file leaves free \(\?×\?×3\); give inputShape/);
    const graph = await loadGraphModel(files, { inputShape: [6, 7, 3] });
    expect(graph.layers[0]).toMatchObject({ op: "input", shape: [6, 7, 3] });
    const chosen = await loadGraphModel(files, {
      inputShape: (declared) => {
        expect(declared).toEqual([null, null, 3]);
        return [[8, 8, 3]];
      },
    });
    expect(chosen.layers[0]).toMatchObject({ shape: [8, 8, 3] });
    await expect(loadGraphModel(files, { inputShape: [6, 7, 4] })).rejects.toThrow(/of 3 channels, got 4/);
  });

  test("of a batch of more than one are refused", async () => {
    const loading = loadGraphModel(twoOutputs([4, 5, 4, 3]).files(TWO));
    await expect(loading).rejects.toThrow(/expected input "image" with a batch of one or any, got 4/);
  });

  test("of a batch of one are free", async () => {
    const files = twoOutputs([1, 5, 4, 3]).files(TWO);
    const graph = await loadGraphModel(files);
    const image = { shape: [1, 5, 4, 3], data: noise(60) };
    const three = {
      shape: [3, 5, 4, 3],
      data: Float32Array.from([...noise(60, 5), ...noise(60, 6), ...image.data]),
    };
    const [ours] = await ourOutputs(graph, { image: three }, ["map"]);
    const [theirs] = await tfjsOutputs(files, { image }, ["Identity_1"]);
    expect(differenceOf(ours?.data.slice(-40) ?? new Float32Array(0), theirs?.data ?? noise(1))).toBeLessThan(
      2e-6,
    );
  });
});

test("channels that stand before the pixels are stored behind them", async () => {
  const write = (first: boolean) => {
    const g = new GraphWriter();
    const x = g.input(first ? [-1, 3, 6, 5] : [-1, 6, 5, 3]);
    const settings = first
      ? { ...SAME, strides: [1, 1, 2, 2], data_format: "NCHW" }
      : { ...SAME, strides: [1, 2, 2, 1], data_format: "NHWC" };
    const conv = g.node("Conv2D", [x, g.weights("w", [3, 3, 3, 4])], settings);
    const bias = g.node("BiasAdd", [conv, g.weights("b", [4])], { data_format: first ? "NCHW" : "NHWC" });
    const shape = g.integers("slope", first ? [1, 4, 1, 1] : [1, 1, 1, 4]);
    const scale = g.node("Reshape", [g.weights("scale", [4]), shape]);
    const y = g.node("Mul", [bias, scale]);
    return g.files({ [y]: y });
  };
  const [first, last] = [await loadGraphModel(write(true)), await loadGraphModel(write(false))];
  expect(first.layers).toEqual(last.layers);
});

test("several inputs go by their names", async () => {
  const g = new GraphWriter();
  const [a, b] = [g.input([-1, 4, 4, 2], "picture"), g.input([-1, 2], "vector")];
  const shape = g.integers("s", [-1, 1, 1, 2]);
  const y = g.node("Mul", [a, g.node("Reshape", [b, shape])]);
  const files = g.files({ y });
  const graph = await loadGraphModel(files);
  const inputs = {
    picture: { shape: [2, 4, 4, 2], data: noise(64) },
    vector: { shape: [2, 2], data: noise(4, 7) },
  };
  const [ours, theirs] = [await ourOutputs(graph, inputs, ["y"]), await tfjsOutputs(files, inputs, ["y"])];
  expect(differenceOf(ours[0]?.data ?? noise(1), theirs[0]?.data ?? noise(2))).toBeLessThan(2e-6);
});

describe("what cannot be had", () => {
  test("is left out, where another output can be", async () => {
    const g = twoOutputs();
    const { node } = { node: g.node("Unknown", ["net/mean"], {}, "odd") };
    const graph = await loadGraphModel(g.files({ ...TWO, odd: node }));
    expect(graph.outputs).toEqual(["classes", "map"]);
    expect(graph.leftOut?.odd).toMatch(
      /^model "memory", Unknown "odd": the operator Unknown is not supported; /,
    );
  });

  test("is refused by name in the middle of what is asked", async () => {
    const g = twoOutputs();
    const odd = g.node("Unknown", ["net/mean"], {}, "odd");
    const loading = loadGraphModel(g.files({ y: g.node("Softmax", [odd]) }));
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(/Unknown "odd": the operator Unknown is not supported/);
  });

  test.each(["While", "TensorArrayV3", "TensorListReserve", "Merge", "StatelessIf"])(
    "is refused before any weights are read: %s",
    async (op) => {
      const g = twoOutputs();
      const files = g.files({ y: g.node(op, ["net/mean"], {}, "loop") });
      const loading = loadGraphModel({
        ...files,
        read: (path) => (path === "w.bin" ? Promise.reject(new Error("read")) : files.read(path)),
      });
      await expect(loading).rejects.toThrow(UnsupportedError);
      await expect(loading).rejects.toThrow(
        `model "memory": ${op} "loop" is control flow, which is not supported; `,
      );
    },
  );

  test("is refused where it is what is asked for", async () => {
    const g = twoOutputs();
    const odd = g.node("Unknown", ["net/mean"], {}, "odd");
    const loading = loadGraphModel(g.files({ ...TWO, odd }), { output: "odd" });
    await expect(loading).rejects.toThrow(/Unknown "odd": the operator Unknown is not supported/);
  });

  test("does not matter where another output is asked for", async () => {
    const g = twoOutputs();
    const loop = g.node("While", ["net/mean"], {}, "loop");
    const graph = await loadGraphModel(g.files({ ...TWO, loop }), { output: "map" });
    expect(graph.outputs).toEqual(["map", "classes"]);
    expect(graph.leftOut?.loop).toMatch(/While "loop": control flow/);
  });
});

test("the places of largest scores are left off at the end, and the scores are the output", async () => {
  const g = new GraphWriter();
  const x = g.input([-1, 4, 4, 3]);
  const scores = g.node("Conv2D", [x, g.weights("w", [1, 1, 3, 3])], SAME, "scores");
  const labels = g.node("ArgMax", [scores, g.integers("axis", [3], [])], {}, "labels");
  const graph = await loadGraphModel(
    g.files({ labels: g.node("Cast", [labels], { DstT: { type: "DT_INT32" } }) }),
  );
  expect(graph.output).toBe("labels");
  expect(graph.leftOut?.labels).toMatch(/ArgMax "labels": ArgMax is left off/);
  expect(headsOf(graph)).toMatchObject([{ kind: "places", scores: "softmax", known: "given" }]);
});

test("what is computed of places of largest scores is refused, not taken for the scores", async () => {
  const g = new GraphWriter();
  const labels = g.node("ArgMax", [g.input([-1, 4]), g.integers("axis", [1], [])], {}, "labels");
  const loading = loadGraphModel(g.files({ y: g.node("Neg", [g.node("Cast", [labels])]) }));
  await expect(loading).rejects.toThrow(/ArgMax "labels": ArgMax is left off/);
});

test("two outputs that are one layer's are one, under the first name", async () => {
  const g = twoOutputs();
  const graph = await loadGraphModel(
    g.files({ first: "Identity_1", again: "net/conv/Relu", classes: "Identity" }),
  );
  expect(graph.outputs).toEqual(["first", "classes"]);
});

test("quantised weights are read, and the graph is called as its folder is", async () => {
  const g = new GraphWriter();
  const y = g.node("MatMul", [g.input([-1, 2]), g.weights("w", [2, 2], [0, 0, 0, 0])]);
  const weights = [
    { name: "w", shape: [2, 2], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
  ];
  const files = g.files({ y }, { weightsManifest: [{ paths: ["w.bin"], weights }] });
  const graph = await loadGraphModel({
    ...files,
    name: "models/tiny/model.json",
    read: async (path, options) =>
      path === "w.bin" ? Uint8Array.of(0, 2, 4, 255).buffer : files.read(path, options),
  });
  expect(graph.name).toBe("tiny");
  const dense = graph.layers.find(({ name }) => name === "y");
  expect(dense?.op === "dense" && [...dense.w.data]).toEqual([-1, 0, 1, 126.5]);
});

describe("a damaged model is refused:", () => {
  const node = (changes: object) => [
    { name: "x", op: "Placeholder", attr: { shape: { shape: { dim: [{ size: "-1" }, { size: "2" }] } } } },
    { name: "w", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
    { name: "y", op: "MatMul", input: ["x", "w"], ...changes },
  ];
  const load = (
    nodes: readonly unknown[],
    weights: readonly unknown[] = [{ name: "w", shape: [2, 1], dtype: "float32" }],
  ) =>
    loadGraphModel(
      memoryFiles({
        "model.json": JSON.stringify({
          format: "graph-model",
          modelTopology: { node: nodes },
          weightsManifest: [{ paths: ["w.bin"], weights }],
        }),
        "w.bin": new ArrayBuffer(8),
      }),
    );

  test("but not as it is whole", async () => {
    expect((await load(node({}))).output).toBe("y");
  });

  test.each<[what: string, nodes: readonly unknown[], message: RegExp]>([
    [
      "a circle",
      [...node({ input: ["x", "y"] }), { name: "z", op: "Relu", input: ["y"] }],
      /expected a graph without a circle, but MatMul "y" reads what it gives/,
    ],
    [
      "a node that is not there",
      node({ input: ["x", "v"] }),
      /expected a node "v", which MatMul "y" reads, found none/,
    ],
    ["a name twice", [...node({}), { name: "y", op: "Relu", input: ["x"] }], /got "y" twice/],
    ["no name", node({ name: 3 }), /a node's name: expected text/],
    ["inputs that are no list", node({ input: "x" }), /MatMul "y": input: expected a list/],
    [
      "a setting of another kind",
      node({ attr: { transpose_b: { b: "yes" } } }),
      /MatMul "y": expected transpose_b to be true or false/,
    ],
    [
      "a text that is no base64",
      node({ attr: { fused_ops: { list: { s: ["?"] } } } }),
      /expected fused_ops to be text in base64/,
    ],
    [
      "weights of another shape",
      node({ attr: { transpose_b: { b: true } } }),
      /MatMul "y": expected weights for the 2 features/,
    ],
    ["too few inputs", node({ input: ["x"] }), /MatMul "y": expected an input 2, got none/],
    ["no outputs", node({}).slice(0, 2), /expected outputs, got none/],
    [
      "an output of a node that it does not have",
      [...node({}), { name: "z", op: "Relu", input: ["y:3"] }],
      /output 3 of "y" is not supported/,
    ],
  ])("%s", async (_, nodes, message) => {
    await expect(load(nodes)).rejects.toThrow(message);
  });

  test("weights that are missing", async () => {
    await expect(load(node({}), [{ name: "v", shape: [2, 1], dtype: "float32" }])).rejects.toThrow(
      /expected weights of Const "w", found none/,
    );
  });
});

describe("what a setting asks for is computed or refused:", () => {
  type Written = (g: GraphWriter, x: string) => string;
  test.each<[what: string, written: Written, message: RegExp]>([
    [
      "a setting that the operator does not know",
      (g, x) => g.node("Relu", [x], { slope: { float: 0.1 } }, "odd"),
      /Relu "odd": its attribute slope is not supported; .*blackBox/,
    ],
    [
      "a convolution without padding, which tfjs always writes",
      (g, x) => g.node("Conv2D", [x, g.weights("w", [1, 1, 3, 2])], { strides: [1, 1, 1, 1] }, "odd"),
      /Conv2D "odd": expected padding to be text/,
    ],
    [
      "a pool without a window",
      (g, x) => g.node("MaxPool", [x], SAME, "odd"),
      /MaxPool "odd": expected ksize of 4 whole numbers/,
    ],
    [
      "a fused operator called as what every object has",
      (g, x) => {
        const given = [x, g.weights("w", [1, 1, 3, 2]), g.weights("b", [2])];
        return g.node("_FusedConv2D", given, { ...SAME, fused_ops: ["BiasAdd", "constructor"] }, "odd");
      },
      /"odd": the fused operator constructor is not supported/,
    ],
    [
      "a mirror of a kind that is not said",
      (g, x) => g.node("MirrorPad", [x, g.integers("p", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], {}, "odd"),
      /MirrorPad "odd": expected mode to be text/,
    ],
    [
      "numbers made text",
      (g, x) =>
        g.node("AddV2", [x, g.node("Cast", [g.weights("w", [3])], { DstT: { type: "DT_STRING" } }, "odd")]),
      /Cast "odd": numbers made string are not supported/,
    ],
    [
      "a slice of fewer axes than there are",
      (g, x) => g.node("Slice", [x, g.integers("at", [0]), g.integers("of", [1])], {}, "odd"),
      /Slice "odd": expected a start and a size for each of 4 axes/,
    ],
  ])("%s", async (_, written, message) => {
    const g = new GraphWriter();
    const x = g.input([-1, 4, 4, 3]);
    await expect(loadGraphModel(g.files({ y: written(g, x) }))).rejects.toThrow(message);
  });

  test("settings that change nothing are passed over", async () => {
    const g = new GraphWriter();
    const x = g.input([-1, 4, 4, 3]);
    const settings = { T: { type: "DT_FLOAT" }, N: { int: 2 }, _grappler: true, explicit_paddings: [] };
    const graph = await loadGraphModel(g.files({ y: g.node("AddN", [x, x], settings) }));
    expect(graph.layers).toHaveLength(2);
  });
});

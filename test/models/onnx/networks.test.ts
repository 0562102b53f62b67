import { TensorProto_DataType as Type } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { shapesOf } from "../../../src/graph/graph.ts";
import { headsOf } from "../../../src/graph/heads.ts";
import { loadOnnxModel } from "../../../src/models/load-onnx-model.ts";
import {
  floats,
  type GraphInit,
  node,
  onnxBytes,
  onnxFiles,
  type TensorInit,
  valueInfo,
  whole,
} from "./written.ts";

const some = (name: string, dims: readonly number[]) =>
  floats(
    name,
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 11) / 11 - 0.5),
  );

/** The network of a graph whose input is N×C×H×W. */
function load(graph: GraphInit, dims: readonly (number | string)[] = ["N", 3, 4, 4], options = {}) {
  const outputs = graph.output ?? [valueInfo("y", ["N"])];
  const whole = { name: "g", input: [valueInfo("x", dims)], ...graph, output: outputs };
  return loadOnnxModel(onnxFiles(onnxBytes(whole as GraphInit)), options);
}

const ops = (graph: Awaited<ReturnType<typeof load>>) => graph.layers.map(({ op }) => op);

describe("what a file becomes", () => {
  test("layers are called as their nodes, outputs as the file's", async () => {
    const graph = await load({
      initializer: [some("w", [2, 3, 3, 3])],
      node: [
        node("Conv", ["x", "w"], ["c"], { pads: [1, 1, 1, 1] }, "/body/conv"),
        node("Relu", ["c"], ["r"]),
        node("GlobalAveragePool", ["r"], ["p"], {}, "/body/conv"),
        node("Flatten", ["p"], ["y"]),
      ],
    });
    expect(graph.layers.map(({ name }) => name)).toEqual(["x", "/body/conv", "r", "/body/conv:1", "y"]);
    expect(graph.output).toBe("y");
    expect(shapesOf(graph, 3).get("y")).toEqual([3, 2]);
  });

  test("ten thousand nodes of one name are told apart", async () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      node(
        "Relu",
        [i === 0 ? "x" : `a${i}`],
        [i === 9999 ? "y" : `a${i + 1}`],
        {},
        i === 1 ? "same:2" : "same",
      ),
    );
    const graph = await load({ node: chain });
    const names = graph.layers.map(({ name }) => name);
    expect(names.slice(0, 5)).toEqual(["x", "same", "same:2", "same:1", "same:3"]);
    expect(new Set(names).size).toBe(10_001);
  });

  test("pairs of transposes leave nothing behind", async () => {
    const graph = await load({
      initializer: [some("w", [2, 3, 1, 1])],
      node: [
        node("Transpose", ["x"], ["a"], { perm: [0, 2, 3, 1] }),
        node("Transpose", ["a"], ["b"], { perm: [0, 3, 1, 2] }),
        node("Conv", ["b", "w"], ["y"]),
      ],
    });
    expect(ops(graph)).toEqual(["input", "conv2d"]);
  });

  test.each([
    ["half_pixel_symmetric", "half-pixel-symmetric"],
    ["tf_half_pixel_for_nn", "tf-half-pixel-for-nn"],
  ])("places of a resized picture are taken as %s says", async (word, coordinates) => {
    const settings = { coordinate_transformation_mode: word };
    const graph = await load({
      initializer: [floats("s", [4], [1, 1, 1.5, 2])],
      node: [node("Resize", ["x", "", "s"], ["y"], settings)],
    });
    expect(graph.layers[1]).toMatchObject({ op: "resize", coordinates });
  });

  test("a picture of one pixel is averaged, too", async () => {
    const graph = await load(
      { node: [node("GlobalAveragePool", ["x"], ["p"]), node("Flatten", ["p"], ["y"])] },
      ["N", 3, 1, 1],
    );
    expect(shapesOf(graph, 2).get("y")).toEqual([2, 3]);
  });

  test("dropout of a share of 0 is none, though it trains", async () => {
    const scalar = (name: string, value: number) => floats(name, [], [value]);
    const training: TensorInit = { name: "t", dims: [], dataType: Type.BOOL, rawData: Uint8Array.of(1) };
    const dropped = (share: number) =>
      load({
        initializer: [scalar("share", share), training],
        node: [node("Dropout", ["x", "share", "t"], ["d"]), node("Relu", ["d"], ["y"])],
      });
    expect(ops(await dropped(0))).toEqual(["input", "activation"]);
    await expect(dropped(0.5)).rejects.toThrow(/training_mode/);
  });

  test("attributes without effect on a trained network are passed over", async () => {
    const graph = await load({
      initializer: ["scale", "shift", "mean", "variance"].map((name) => floats(name, [3], [1, 2, 3])),
      node: [
        node("BatchNormalization", ["x", "scale", "shift", "mean", "variance"], ["b"], { momentum: 0.5 }),
        node("MaxPool", ["b"], ["p"], { kernel_shape: [2, 2], strides: [2, 2], storage_order: 0 }),
        node("Dropout", ["p"], ["d"], { seed: 3 }),
        node("ReduceMax", ["d"], ["y"], { axes: [1], keepdims: 0, noop_with_empty_axes: 1 }),
      ],
    });
    expect(ops(graph)).toEqual(["input", "batchNorm", "pool", "reduce"]);
  });

  test("a channel shuffle is one permutation", async () => {
    const graph = await load(
      {
        initializer: [whole("s", [0, 2, 3, 4, 4]), whole("t", [0, 6, 4, 4]), some("w", [2, 6, 1, 1])],
        node: [
          node("Reshape", ["x", "s"], ["a"]),
          node("Transpose", ["a"], ["b"], { perm: [0, 2, 1, 3, 4] }),
          node("Reshape", ["b", "t"], ["c"]),
          node("Conv", ["c", "w"], ["y"]),
        ],
      },
      ["N", 6, 4, 4],
    );
    expect(ops(graph).filter((op) => op === "permute")).toHaveLength(1);
  });

  test("rows and columns stay in place where shuffled channels are split", async () => {
    const graph = await load(
      {
        initializer: [
          ...[whole("s", [0, 2, 3, 4, 4]), whole("t", [0, 6, 4, 4]), some("w", [2, 3, 1, 1])],
          some("v", [6, 3, 1, 1]),
          ...[whole("from", [3]), whole("to", [6]), whole("axis", [1])],
        ],
        node: [
          node("Conv", ["x", "v"], ["u"]),
          node("Reshape", ["u", "s"], ["a"]),
          node("Transpose", ["a"], ["b"], { perm: [0, 2, 1, 3, 4] }),
          node("Reshape", ["b", "t"], ["c"]),
          node("Slice", ["c", "from", "to", "axis"], ["d"]),
          node("Conv", ["d", "w"], ["y"]),
        ],
      },
      ["N", 3, 4, 4],
    );
    expect(ops(graph)).toEqual(["input", "conv2d", "reshape", "permute", "reshape", "slice", "conv2d"]);
    const permute = graph.layers.find(({ op }) => op === "permute");
    expect(permute).toMatchObject({ axes: [0, 1, 2, 4, 3] });
  });

  test("pictures of one channel side by side stay pictures", async () => {
    const graph = await load({
      initializer: [some("w", [1, 2, 1, 1])],
      node: [
        node("ReduceMean", ["x"], ["a"], { axes: [1], keepdims: 1 }),
        node("ReduceMax", ["x"], ["b"], { axes: [1], keepdims: 1 }),
        node("Concat", ["a", "b"], ["c"], { axis: 1 }),
        node("Conv", ["c", "w"], ["y"]),
      ],
    });
    expect(ops(graph)).toEqual(["input", "reduce", "reduce", "concat", "conv2d"]);
  });

  test("a flattened picture keeps its storage, and the weights behind it move", async () => {
    const graph = await load({
      initializer: [some("w", [48, 5])],
      node: [node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["y"])],
    });
    expect(ops(graph)).toEqual(["input", "reshape", "dense"]);
    const dense = graph.layers.at(-1);
    const rows = dense?.op === "dense" ? dense.w.data : [];
    // Row (h, w, c) is the file's row (c, h, w): pixel (0, 0) of channel 1 is its row 16.
    expect(rows[5]).toBeCloseTo(((16 * 5 * 7) % 11) / 11 - 0.5, 6);
  });

  test("shapes that follow from the input's are computed beforehand, the batch left free", async () => {
    const graph = await load({
      initializer: [whole("zero", [0]), whole("rest", [-1]), some("w", [48, 2])],
      node: [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Concat", ["n", "rest"], ["t"], { axis: 0 }),
        node("Reshape", ["x", "t"], ["f"]),
        node("Gemm", ["f", "w"], ["y"]),
      ],
    });
    expect(shapesOf(graph, 5).get("y")).toEqual([5, 2]);
  });

  test("a batch that the file fixes is free, too", async () => {
    const graph = await load(
      {
        initializer: [whole("t", [1, 48]), some("w", [48, 2])],
        node: [node("Reshape", ["x", "t"], ["f"]), node("Gemm", ["f", "w"], ["y"])],
      },
      [1, 3, 4, 4],
    );
    expect(shapesOf(graph, 5).get("y")).toEqual([5, 2]);
  });

  test("where a network ends in classes, its scores are the output", async () => {
    const graph = await load({
      initializer: [some("w", [4, 3, 1, 1])],
      node: [node("Conv", ["x", "w"], ["scores"]), node("ArgMax", ["scores"], ["y"], { axis: 1 })],
    });
    expect(shapesOf(graph).get(graph.output)).toEqual([1, 4, 4, 4]);
    expect(graph.leftOut?.y).toMatch(/ArgMax "y": .*the values themselves are kept/);
  });

  test.each([
    ["the place of the largest is taken of scores", "ArgMax", "softmax", "given"],
    ["the place of the smallest says nothing of its values", "ArgMin", "values", "assumed"],
  ])("%s, though they look like a picture", async (_, operator, scores, known) => {
    const graph = await load({
      initializer: [some("w", [3, 3, 1, 1])],
      node: [node("Conv", ["x", "w"], ["c"]), node(operator, ["c"], ["y"], { axis: 1 })],
    });
    expect(headsOf(graph)).toMatchObject([{ kind: "places", scores, known }]);
    expect(graph.leftOut?.y).toMatch(operator === "ArgMax" ? /places of the largest/ : /of the smallest/);
    const said = await load(
      {
        initializer: [some("w", [3, 3, 1, 1])],
        node: [node("Conv", ["x", "w"], ["c"]), node("ArgMax", ["c"], ["y"], { axis: 1 })],
      },
      undefined,
      { head: "sigmoid" },
    );
    expect(headsOf(said)).toMatchObject([{ scores: "sigmoid" }]);
  });

  test("an output that cannot be had is left out beside one that can", async () => {
    const graph = await load({
      initializer: [some("w", [2, 3, 1, 1])],
      node: [node("Conv", ["x", "w"], ["y"]), node("NonMaxSuppression", ["y"], ["z"])],
      output: [valueInfo("y", ["N"]), valueInfo("z", ["N"])],
    });
    expect(graph.output).toBe("y");
    expect(graph.leftOut?.z).toMatch(/NonMaxSuppression/);
  });

  test("a size that the file leaves free is asked for", async () => {
    const graph = { initializer: [some("w", [2, 3, 3, 3])], node: [node("Conv", ["x", "w"], ["y"])] };
    const dims = ["N", 3, "H", "W"];
    await expect(load(graph, dims)).rejects.toThrow(/the size of input "x".*N×3×H×W.*inputShape/);
    const sized = await load(graph, dims, { inputShape: [6, 8, 3] });
    expect(shapesOf(sized).get("y")).toEqual([1, 4, 6, 2]);
  });

  test("several inputs keep their names", async () => {
    const graph = await loadOnnxModel(
      onnxFiles(
        onnxBytes({
          name: "g",
          input: [valueInfo("x", ["N", 3, 4, 4]), valueInfo("v", ["N", 3, 1, 1])],
          node: [node("Mul", ["x", "v"], ["y"])],
          output: [valueInfo("y", ["N"])],
        } as GraphInit),
      ),
    );
    expect(graph.layers.filter(({ op }) => op === "input").map(({ name }) => name)).toEqual(["x", "v"]);
    expect(shapesOf(graph, 2).get("y")).toEqual([2, 4, 4, 3]);
  });
});

describe("what is refused", () => {
  test.each<[title: string, graph: GraphInit, error: new (message?: string) => Error, message: RegExp]>([
    [
      "a circle",
      {
        node: [
          node("Add", ["x", "b"], ["a"], {}, "first"),
          node("Relu", ["a"], ["b"]),
          node("Relu", ["b"], ["y"]),
        ],
      },
      ModelError,
      /without a circle, but Relu "b"/,
    ],
    [
      "a value that nothing gives",
      { node: [node("Relu", ["nowhere"], ["y"])] },
      ModelError,
      /gives "nowhere", which Relu "y" reads, found none/,
    ],
    [
      "two nodes that give one value",
      { node: [node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])] },
      ModelError,
      /one node that gives "y", got two/,
    ],
    [
      "an operator that there is not",
      {
        node: [
          node("Relu", ["x"], ["a"]),
          node("Hologram", ["a"], ["b"], {}, "odd"),
          node("Relu", ["b"], ["y"]),
        ],
      },
      UnsupportedError,
      /Hologram "odd": the operator Hologram is not supported; .*blackBox\(\)/,
    ],
    [
      "a whole number beyond what is exact, in a shape",
      {
        initializer: [whole("big", [2n ** 62n]), whole("four", [4])],
        node: [node("Mul", ["big", "four"], ["s"]), node("Reshape", ["x", "s"], ["y"])],
      },
      ModelError,
      /Mul "s": expected whole numbers below 2⁵³/,
    ],
    [
      "a constant of 2⁶⁰ elements",
      {
        initializer: [whole("s", [2 ** 20, 2 ** 20, 2 ** 20])],
        node: [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])],
      },
      ModelError,
      /at most 536870912 elements, got 1048576×1048576×1048576/,
    ],
    [
      "a shape of 2²⁷ numbers",
      {
        initializer: [whole("n", [2 ** 27])],
        node: [node("ConstantOfShape", ["n"], ["s"]), node("Reshape", ["x", "s"], ["y"])],
      },
      ModelError,
      /Reshape "y": expected at most 1024 numbers as its input 2, got 134217728/,
    ],
    [
      "constants of constants without an end",
      {
        initializer: [some("c", [3, 1, 1])],
        node: [
          ...Array.from({ length: 20_000 }, (_, i) => node("Neg", [i === 0 ? "c" : `c${i}`], [`c${i + 1}`])),
          node("Add", ["x", "c20000"], ["y"]),
        ],
      },
      ModelError,
      /Add "y": expected at most 1000 constants that are computed of one another, got more/,
    ],
    [
      "what a layer gives, repeated 2⁴⁰ times",
      {
        initializer: [whole("s", [1, 1, 2 ** 20, 2 ** 20])],
        node: [node("GlobalAveragePool", ["x"], ["p"]), node("Expand", ["p", "s"], ["y"])],
      },
      UnsupportedError,
      /Expand "y": expected values repeated at most 16777216 times, got 1×1×1048576×1048576/,
    ],
    [
      "a constant repeated 2⁴⁰ times",
      {
        initializer: [some("c", [4]), whole("s", [2 ** 40])],
        node: [node("Tile", ["c", "s"], ["t"]), node("Add", ["x", "t"], ["y"])],
      },
      UnsupportedError,
      /Tile "t": expected at most 16777216 repeats/,
    ],
    [
      "a negative number of repeats",
      { initializer: [whole("s", [1, 1, -1, 2])], node: [node("Tile", ["x", "s"], ["y"])] },
      ModelError,
      /Tile "y": expected numbers of repeats of at least 1, got \[1,1,-1,2\]/,
    ],
    [
      "a range of 5·10⁸ numbers",
      {
        initializer: [floats("a", [], [0]), floats("e", [], [5e8]), floats("d", [], [1])],
        node: [node("Range", ["a", "e", "d"], ["r"]), node("Add", ["x", "r"], ["y"])],
      },
      UnsupportedError,
      /Range "r": expected at most 16777216 numbers, got 500000000/,
    ],
    [
      "a transposed convolution of no group",
      {
        initializer: [some("w", [3, 2, 1, 1])],
        node: [node("ConvTranspose", ["x", "w"], ["y"], { group: 0 })],
      },
      ModelError,
      /ConvTranspose "y": expected a group of at least 1, got 0/,
    ],
    [
      "shapes that do not fit",
      { initializer: [some("c", [3, 5, 1])], node: [node("Add", ["x", "c"], ["y"])] },
      ModelError,
      /Add "y": expected shapes that fit one another, got N×3×4×4 and 3×5×1/,
    ],
    [
      "weights of other channels",
      { initializer: [some("w", [2, 5, 3, 3])], node: [node("Conv", ["x", "w"], ["y"])] },
      ModelError,
      /Conv "y": expected weights of 3 channels in 1 groups, got 5 by 2/,
    ],
    [
      "a small file's claim of a gigabyte of weights that fit nothing",
      {
        initializer: [whole("s", [16384, 16384, 1, 1])],
        node: [node("ConstantOfShape", ["s"], ["w"]), node("Conv", ["x", "w"], ["y"])],
      },
      ModelError,
      /Conv "y": expected weights of 3 channels in 1 groups, got 16384 by 16384/,
    ],
    [
      "a reshape to another number of values",
      { initializer: [whole("s", [0, 50])], node: [node("Reshape", ["x", "s"], ["y"])] },
      ModelError,
      /Reshape "y": expected a shape of the N×3×4×4 values, got N×50/,
    ],
    [
      "a sum over the batch",
      { node: [node("ReduceSum", ["x"], ["y"], { keepdims: 1 })] },
      UnsupportedError,
      /ReduceSum "y": it works along the batch/,
    ],
    [
      "a mean that the size of the batch is divided by",
      {
        initializer: [whole("zero", [0])],
        node: [
          node("Shape", ["x"], ["s"]),
          node("Gather", ["s", "zero"], ["n"]),
          node("Cast", ["n"], ["f"], { to: 1 }),
          node("Div", ["x", "f"], ["y"]),
        ],
      },
      UnsupportedError,
      /Div "y": a number that depends on the size of the batch/,
    ],
    [
      "a loop",
      { node: [node("Loop", ["x"], ["y"])] },
      UnsupportedError,
      /the operator Loop is not supported/,
    ],
    [
      "an axis that there is not",
      { node: [node("Softmax", ["x"], ["y"], { axis: 7 })] },
      ModelError,
      /Softmax "y": expected an axis of −4 to 3, got 7/,
    ],
    [
      "an attribute that the operator does not know",
      {
        initializer: [some("w", [2, 3, 3, 3])],
        node: [node("Conv", ["x", "w"], ["y"], { pads: [1, 1, 1, 1], phase: 1, group: 1, twist: 2 })],
      },
      UnsupportedError,
      /Conv "y": its attribute phase, twist is not supported/,
    ],
    [
      "broadcasting as operators had it before version 7",
      {
        initializer: [some("c", [3])],
        node: [node("Add", ["x", "c"], ["y"], { broadcast: 1, axis: 1 })],
      },
      ModelError,
      /Add "y": expected shapes that fit/,
    ],
    [
      "broadcasting along an axis of its own where the shapes fit otherwise, too",
      {
        initializer: [some("c", [4])],
        node: [node("Add", ["x", "c"], ["y"], { broadcast: 1, axis: 2 })],
      },
      UnsupportedError,
      /Add "y": its attribute broadcast, axis is not supported/,
    ],
    [
      "numbers made text",
      {
        initializer: [whole("s", [1])],
        node: [node("Cast", ["s"], ["t"], { to: 8 }), node("Add", ["x", "t"], ["y"])],
      },
      UnsupportedError,
      /Cast "t": numbers made text/,
    ],
    [
      "a slice that does not say from where to where",
      { node: [node("Slice", ["x"], ["y"], { axes: [2] })] },
      ModelError,
      /Slice "y": expected starts, as an attribute or as input 2, got neither/,
    ],
    [
      "flattening behind an axis that there is not",
      { node: [node("Flatten", ["x"], ["y"], { axis: 5 })] },
      ModelError,
      /Flatten "y": expected an axis of −4 to 3, got 5/,
    ],
  ])("%s", async (_, graph, error, message) => {
    const loading = load(graph);
    await expect(loading).rejects.toThrow(message);
    await expect(load(graph)).rejects.toBeInstanceOf(error);
  });
});

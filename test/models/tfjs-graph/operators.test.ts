import { describe, expect, test } from "vitest";
import { inputsOf } from "../../../src/graph/graph.ts";
import { loadGraphModel } from "../../../src/models/load-graph-model.ts";
import { differenceOf, noise, ourOutputs, tfjsOutputs, type Values } from "./referee.ts";
import { GraphWriter } from "./written.ts";

/** Writes an operator after an input x. @returns the name of its output. */
type Written = (g: GraphWriter, x: string) => string;

const PICTURE = [-1, 7, 6, 4];
const PLAIN = { dilations: [1, 1, 1, 1] };
const SAME = { ...PLAIN, strides: [1, 2, 2, 1], padding: "SAME" };
const VALID = { ...PLAIN, strides: [1, 1, 1, 1], padding: "VALID" };

/** Both sides of a written graph, of a batch of two where it is open. */
async function both(shape: readonly number[], write: Written, scale = 1) {
  const g = new GraphWriter();
  const output = write(g, g.input(shape));
  const files = g.files({ y: output });
  const graph = await loadGraphModel(files);
  const [input] = inputsOf(graph);
  const whole = [shape[0] === 1 ? 1 : 2, ...shape.slice(1)];
  const data = noise(whole.reduce((a, b) => a * b, 1)).map((value) => value * scale);
  const values: Values = { shape: whole, data };
  const theirs = await tfjsOutputs(files, { x: values }, ["y"]);
  const ours = await ourOutputs(graph, { [input?.name ?? ""]: values }, [graph.output]);
  return { graph, ours: ours[0], theirs: theirs[0] };
}

const unary = (op: string, settings = {}): [string, readonly number[], Written] => [
  op,
  PICTURE,
  (g, x) => g.node(op, [x], settings),
];

const binary = (op: string, ...shape: number[]): [string, readonly number[], Written] => [
  `${op} with a constant of ${shape.join("×")}`,
  PICTURE,
  (g, x) => g.node(op, [x, g.weights("c", shape)]),
];

const CASES: readonly (readonly [what: string, shape: readonly number[], write: Written])[] = [
  ["Conv2D, same", PICTURE, (g, x) => g.node("Conv2D", [x, g.weights("w", [3, 3, 4, 5])], SAME)],
  [
    "Conv2D, valid and dilated",
    PICTURE,
    (g, x) => g.node("Conv2D", [x, g.weights("w", [3, 2, 4, 5])], { ...VALID, dilations: [1, 2, 2, 1] }),
  ],
  [
    "Conv2D with explicit padding",
    PICTURE,
    (g, x) =>
      g.node("Conv2D", [x, g.weights("w", [3, 3, 4, 5])], {
        ...PLAIN,
        strides: [1, 2, 1, 1],
        padding: "EXPLICIT",
        explicit_paddings: [0, 0, 1, 2, 0, 1, 0, 0],
      }),
  ],
  [
    "DepthwiseConv2dNative with two outputs a channel",
    PICTURE,
    (g, x) => g.node("DepthwiseConv2dNative", [x, g.weights("w", [3, 3, 4, 2])], SAME),
  ],
  [
    "DepthwiseConv2dNative of one channel",
    [-1, 5, 5, 1],
    (g, x) => g.node("DepthwiseConv2dNative", [x, g.weights("w", [3, 3, 1, 3])], VALID),
  ],
  ...["Relu", "Relu6", "Elu", "Sigmoid"].map((op): [string, readonly number[], Written] => [
    `_FusedConv2D with ${op}`,
    PICTURE,
    (g, x) =>
      g.node("_FusedConv2D", [x, g.weights("w", [1, 1, 4, 5]), g.weights("b", [5])], {
        ...SAME,
        fused_ops: ["BiasAdd", op],
        num_args: { int: 1 },
      }),
  ]),
  [
    "_FusedConv2D with a bias",
    PICTURE,
    (g, x) =>
      g.node("_FusedConv2D", [x, g.weights("w", [1, 1, 4, 5]), g.weights("b", [5])], {
        ...SAME,
        fused_ops: ["BiasAdd"],
        num_args: { int: 1 },
      }),
  ],
  [
    "_FusedConv2D with LeakyRelu",
    PICTURE,
    (g, x) =>
      g.node("_FusedConv2D", [x, g.weights("w", [1, 1, 4, 5]), g.weights("b", [5])], {
        ...SAME,
        fused_ops: ["BiasAdd", "LeakyRelu"],
        leakyrelu_alpha: { float: 0.3 },
        num_args: { int: 1 },
      }),
  ],
  [
    "FusedDepthwiseConv2dNative",
    PICTURE,
    (g, x) =>
      g.node("FusedDepthwiseConv2dNative", [x, g.weights("w", [3, 3, 4, 1]), g.weights("b", [4])], {
        ...SAME,
        fused_ops: ["BiasAdd", "Relu6"],
        num_args: { int: 1 },
      }),
  ],
  ...[
    { padding: "SAME", size: [2, 14, 12, 3], strides: [1, 2, 2, 1] },
    { padding: "SAME", size: [2, 13, 11, 3], strides: [1, 2, 2, 1] },
    { padding: "VALID", size: [2, 15, 13, 3], strides: [1, 2, 2, 1] },
    { padding: "VALID", size: [2, 9, 8, 3], strides: [1, 1, 1, 1] },
  ].map(({ size, ...settings }): [string, readonly number[], Written] => [
    `Conv2DBackpropInput, ${settings.padding}, to ${size[1]}×${size[2]}`,
    PICTURE,
    (g, x) =>
      g.node("Conv2DBackpropInput", [g.integers("size", size), g.weights("w", [3, 3, 3, 4]), x], settings),
  ]),
  ["MaxPool", PICTURE, (g, x) => g.node("MaxPool", [x], { ...SAME, ksize: [1, 3, 3, 1] })],
  ["AvgPool", PICTURE, (g, x) => g.node("AvgPool", [x], { ...SAME, ksize: [1, 3, 2, 1] })],
  ["AvgPool, valid", PICTURE, (g, x) => g.node("AvgPool", [x], { ...VALID, ksize: [1, 2, 2, 1] })],
  ...["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"].map(
    (op): [string, readonly number[], Written] => [
      op,
      PICTURE,
      (g, x) =>
        g.node(
          op,
          [
            x,
            g.weights("g", [4]),
            g.weights("o", [4]),
            g.weights("m", [4]),
            g.weights("v", [4], [1, 2, 0.5, 3]),
          ],
          { epsilon: { float: 0.01 }, is_training: false, data_format: "NHWC" },
        ),
    ],
  ),
  ["BiasAdd", PICTURE, (g, x) => g.node("BiasAdd", [x, g.weights("b", [4])])],
  [
    "_FusedConv2D with Prelu",
    PICTURE,
    (g, x) =>
      g.node(
        "_FusedConv2D",
        [x, g.weights("w", [1, 1, 4, 5]), g.weights("b", [5]), g.weights("slope", [1, 1, 5])],
        {
          ...SAME,
          fused_ops: ["BiasAdd", "Prelu"],
          num_args: { int: 2 },
        },
      ),
  ],
  [
    "DepthToSpace",
    PICTURE,
    (g, x) => g.node("DepthToSpace", [x], { block_size: { int: 2 }, data_format: "NHWC" }),
  ],
  [
    "_FusedConv2D with Prelu",
    PICTURE,
    (g, x) =>
      g.node(
        "_FusedConv2D",
        [x, g.weights("w", [1, 1, 4, 5]), g.weights("b", [5]), g.weights("slope", [1, 1, 5])],
        {
          ...SAME,
          fused_ops: ["BiasAdd", "Prelu"],
          num_args: { int: 2 },
        },
      ),
  ],
  ["Prelu of places", PICTURE, (g, x) => g.node("Prelu", [x, g.weights("slope", [7, 6, 4])])],
  [
    "LRN",
    PICTURE,
    (g, x) =>
      g.node("LRN", [x], {
        depth_radius: { int: 1 },
        alpha: { float: 0.3 },
        beta: { float: 0.7 },
        bias: { float: 2 },
      }),
  ],
  ...["ResizeBilinear", "ResizeNearestNeighbor"].flatMap((op) =>
    [
      { align_corners: false, half_pixel_centers: false },
      { align_corners: true, half_pixel_centers: false },
      { align_corners: false, half_pixel_centers: true },
    ].flatMap((settings) =>
      [
        [14, 12],
        [3, 9],
      ].map((size): [string, readonly number[], Written] => [
        `${op} to ${size.join("×")}, ${settings.align_corners ? "corners" : settings.half_pixel_centers ? "centres" : "asymmetric"}`,
        PICTURE,
        (g, x) => g.node(op, [x, g.integers("size", size)], settings),
      ]),
    ),
  ),
  unary("Relu"),
  unary("Relu6"),
  unary("Elu"),
  unary("Selu"),
  unary("LeakyRelu", { alpha: { float: 0.1 } }),
  unary("Sigmoid"),
  unary("Tanh"),
  unary("Softplus"),
  unary("Exp"),
  unary("Square"),
  unary("Abs"),
  unary("Neg"),
  unary("Reciprocal"),
  unary("Erf"),
  unary("Sin"),
  unary("Cos"),
  unary("Expm1"),
  unary("Floor"),
  unary("Ceil"),
  unary("Softmax"),
  unary("LogSoftmax"),
  unary("Identity"),
  unary("StopGradient"),
  ...["Rsqrt", "Sqrt", "Log", "Log1p"].map((op): [string, readonly number[], Written] => [
    op,
    PICTURE,
    (g, x) => g.node(op, [g.node("Exp", [x])]),
  ]),
  [
    "ClipByValue",
    PICTURE,
    (g, x) => g.node("ClipByValue", [x, g.weights("low", [], [-0.3]), g.weights("high", [], [0.4])]),
  ],
  binary("Add", 4),
  binary("AddV2", 1, 1, 1, 4),
  binary("Sub", 4),
  binary("Mul", 4),
  binary("RealDiv", 4),
  binary("Maximum", 4),
  binary("Minimum", 6, 4),
  binary("SquaredDifference", 4),
  ["Sub from a constant", PICTURE, (g, x) => g.node("Sub", [g.weights("c", [4]), x])],
  ["RealDiv of a constant", PICTURE, (g, x) => g.node("RealDiv", [g.weights("c", []), g.node("Exp", [x])])],
  ["Pow", PICTURE, (g, x) => g.node("Pow", [g.node("Exp", [x]), g.weights("c", [], [1.5])])],
  ["Mul of two", PICTURE, (g, x) => g.node("Mul", [x, g.node("Sigmoid", [x])])],
  [
    "AddN",
    PICTURE,
    (g, x) => g.node("AddN", [x, g.node("Relu", [x]), g.node("Tanh", [x])], { N: { int: 3 } }),
  ],
  [
    "a gate of a mean over places",
    PICTURE,
    (g, x) => g.node("Mul", [x, g.node("Mean", [x, g.integers("axes", [1, 2])], { keep_dims: true })]),
  ],
  ...["Mean", "Sum", "Max", "Min", "Prod"].map((op): [string, readonly number[], Written] => [
    `${op} over places and one over channels`,
    PICTURE,
    (g, x) =>
      g.node(
        op,
        [g.node(op, [x, g.integers("a", [1, 2])], { keep_dims: true }, "first"), g.integers("b", [-1])],
        {
          keep_dims: false,
        },
      ),
  ]),
  [
    "MatMul",
    [-1, 6],
    (g, x) => g.node("MatMul", [x, g.weights("w", [6, 3])], { transpose_a: false, transpose_b: false }),
  ],
  [
    "MatMul, transposed",
    [-1, 6],
    (g, x) => g.node("MatMul", [x, g.weights("w", [3, 6])], { transpose_b: true }),
  ],
  [
    "_FusedMatMul of a flattened picture",
    PICTURE,
    (g, x) =>
      g.node(
        "_FusedMatMul",
        [
          g.node("Reshape", [x, g.integers("flat", [-1, 168])]),
          g.weights("w", [168, 3]),
          g.weights("b", [3]),
        ],
        { fused_ops: ["BiasAdd", "Relu"], num_args: { int: 1 } },
      ),
  ],
  [
    "BatchMatMulV2 of two",
    [-1, 5, 4],
    (g, x) => g.node("BatchMatMulV2", [x, g.node("Tanh", [x])], { adj_x: false, adj_y: true }),
  ],
  [
    "ConcatV2",
    PICTURE,
    (g, x) => g.node("ConcatV2", [x, g.node("Relu", [x]), g.integers("axis", [3], [])], { N: { int: 2 } }),
  ],
  ["Pad", PICTURE, (g, x) => g.node("Pad", [x, g.integers("p", [0, 0, 1, 2, 0, 1, 0, 0], [4, 2])])],
  [
    "PadV2 along channels",
    PICTURE,
    (g, x) =>
      g.node("PadV2", [x, g.integers("p", [0, 0, 0, 0, 1, 0, 1, 2], [4, 2]), g.weights("v", [], [0.5])]),
  ],
  ...["REFLECT", "SYMMETRIC"].map((mode): [string, readonly number[], Written] => [
    `MirrorPad, ${mode}`,
    PICTURE,
    (g, x) => g.node("MirrorPad", [x, g.integers("p", [0, 0, 1, 2, 2, 1, 0, 0], [4, 2])], { mode }),
  ]),
  ["Reshape that parts channels", PICTURE, (g, x) => g.node("Reshape", [x, g.integers("s", [-1, 42, 2, 2])])],
  [
    "Squeeze and ExpandDims",
    [-1, 1, 6, 3],
    (g, x) =>
      g.node("ExpandDims", [g.node("Squeeze", [x], { squeeze_dims: [1] }), g.integers("axis", [-1], [])]),
  ],
  [
    "Transpose and Reshape",
    PICTURE,
    (g, x) =>
      g.node("Reshape", [
        g.node("Transpose", [x, g.integers("order", [0, 3, 1, 2])]),
        g.integers("s", [-1, 4, 42]),
      ]),
  ],
  [
    "Transpose and back around a MatMul",
    [-1, 3, 4],
    (g, x) => g.node("BatchMatMulV2", [g.node("Transpose", [x, g.integers("order", [0, 2, 1])]), x]),
  ],
  [
    "Slice",
    PICTURE,
    (g, x) => g.node("Slice", [x, g.integers("begin", [0, 1, 2, 1]), g.integers("size", [-1, 3, -1, 2])]),
  ],
  [
    "StridedSlice in steps, backwards",
    PICTURE,
    (g, x) =>
      g.node(
        "StridedSlice",
        [x, g.integers("b", [0, -1, 1, 0]), g.integers("e", [0, -9, 0, 3]), g.integers("s", [1, -2, 2, 1])],
        { begin_mask: { int: 9 }, end_mask: { int: 5 } },
      ),
  ],
  [
    "StridedSlice backwards from the end",
    PICTURE,
    (g, x) =>
      g.node(
        "StridedSlice",
        [x, g.integers("b", [0, 0, 0, 0]), g.integers("e", [0, 1, 0, 0]), g.integers("s", [1, -1, 1, 1])],
        { begin_mask: { int: 15 }, end_mask: { int: 13 } },
      ),
  ],
  [
    "a size of a shape as a factor",
    PICTURE,
    (g, x) => {
      const at = [g.integers("rows", [1], []), g.integers("axis", [0], [])];
      const rows = g.node("GatherV2", [g.node("Shape", [x]), ...at]);
      return g.node("Mul", [
        x,
        g.node("Cast", [rows], { DstT: { type: "DT_FLOAT" }, SrcT: { type: "DT_INT32" } }),
      ]);
    },
  ],
  [
    "StridedSlice of one channel",
    PICTURE,
    (g, x) =>
      g.node(
        "StridedSlice",
        [x, g.integers("b", [0, 2, 0, -2]), g.integers("e", [0, 0, 4, 0]), g.integers("s", [1, 1, 1, 1])],
        { begin_mask: { int: 5 }, end_mask: { int: 3 }, shrink_axis_mask: { int: 8 } },
      ),
  ],
  [
    "Split and what comes of its parts",
    PICTURE,
    (g, x) => {
      const parts = g.node("Split", [g.integers("axis", [3], []), x], { num_split: { int: 2 } });
      return g.node("Mul", [parts, `${parts}:1`]);
    },
  ],
  [
    "SplitV",
    PICTURE,
    (g, x) => {
      const parts = g.node("SplitV", [x, g.integers("sizes", [1, 3]), g.integers("axis", [3], [])]);
      return g.node("Sub", [`${parts}:1`, parts]);
    },
  ],
  [
    "Unpack and Pack",
    [-1, 3, 4],
    (g, x) => {
      const parts = g.node("Unpack", [x], { axis: { int: 1 }, num: { int: 3 } });
      return g.node("Pack", [`${parts}:2`, parts], { axis: { int: 2 } });
    },
  ],
  [
    "a Flatten of Shape, StridedSlice and Pack",
    PICTURE,
    (g, x) => {
      const shape = g.node("Shape", [x]);
      const batch = g.node(
        "StridedSlice",
        [shape, g.integers("zero", [0]), g.integers("one", [1]), g.integers("step", [1])],
        { shrink_axis_mask: { int: 1 } },
      );
      return g.node("Reshape", [x, g.node("Pack", [batch, g.integers("rest", [-1], [])])]);
    },
  ],
  [
    "Fill by the batch's size and ConcatV2",
    [-1, 3],
    (g, x) => {
      const shape = g.node("Shape", [x]);
      const batch = g.node("GatherV2", [shape, g.integers("zero", [0]), g.integers("first", [0], [])]);
      const dims = g.node(
        "ConcatV2",
        [batch, g.integers("two", [2]), g.integers("axis0", [0], [])],
        { N: { int: 2 } },
        "dims",
      );
      const filled = g.node("Fill", [dims, g.weights("v", [], [0.25])]);
      return g.node("ConcatV2", [x, filled, g.integers("axis", [1], [])], { N: { int: 2 } });
    },
  ],
  ["Tile", [-1, 1, 1, 3], (g, x) => g.node("Tile", [x, g.integers("times", [1, 3, 2, 1])])],
  ["Tile of channels", [-1, 2, 3], (g, x) => g.node("Tile", [x, g.integers("times", [1, 1, 2])])],
  [
    "GatherV2 of one channel",
    PICTURE,
    (g, x) => g.node("GatherV2", [x, g.integers("at", [2], []), g.integers("axis", [3], [])]),
  ],
  ["ReverseV2", PICTURE, (g, x) => g.node("ReverseV2", [x, g.integers("axes", [3, 1])])],
  ["a batch of one", [1, 3, 4, 2], (g, x) => g.node("Reshape", [x, g.integers("s", [1, 12, 2])])],
  [
    "a batch of one that goes and comes back",
    [1, 4, 4, 2],
    (g, x) => {
      const flat = g.node("Squeeze", [x], { squeeze_dims: [0] });
      const back = g.node("ExpandDims", [flat, g.integers("axis", [0], [])]);
      return g.node("Conv2D", [back, g.weights("w", [3, 3, 2, 3])], SAME);
    },
  ],
  [
    "instance norm in its parts",
    PICTURE,
    (g, x) => {
      const axes = g.integers("axes", [1, 2]);
      const mean = g.node("Mean", [x, axes], { keep_dims: true });
      const square = g.node("SquaredDifference", [x, mean]);
      const variance = g.node("Mean", [square, axes], { keep_dims: true }, "variance");
      const safe = g.node("AddV2", [variance, g.weights("epsilon", [], [1e-3])]);
      return g.node("Mul", [g.node("Sub", [x, mean]), g.node("Rsqrt", [safe])]);
    },
  ],
];

describe("what an operator makes is what tfjs makes:", () => {
  test.each(CASES)("%s", async (_, shape, write) => {
    const { ours, theirs } = await both(shape, write, 2);
    expect(ours?.shape).toEqual(theirs?.shape);
    const none = new Float32Array(0);
    expect(differenceOf(ours?.data ?? none, theirs?.data ?? none)).toBeLessThan(2e-6);
  });
});

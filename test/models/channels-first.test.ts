import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { readTensor } from "../../src/gpu/tensor.ts";
import { type Graph, shapesOf } from "../../src/graph/graph.ts";
import type { ModelFiles } from "../../src/models/files.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { testDevice } from "../gpu.ts";
import { expectClose } from "../reference/numbers.ts";
import { kerasLayer, modelOf, sequential, type Weight } from "./fixtures.ts";
import { randomize, savedByTfjs } from "./saved-by-tfjs.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const [H, W, C] = [6, 5, 3] as const;
/** A picture, stored with its channels last. */
const PICTURE = Float32Array.from({ length: H * W * C }, (_, i) => Math.sin(i * 1.7));

async function outputOf(graph: Graph, picture: Float32Array<ArrayBuffer> = PICTURE): Promise<Float32Array> {
  const device = await testDevice();
  using network = await createNetwork(device, graph, { gradients: false });
  device.queue.writeBuffer(network.input.buffer, 0, picture);
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  return readTensor(device, network.activation(graph.output));
}

const read = (files: ModelFiles) => loadLayersModel(files, { preprocessing: "none" });
const permutes = ({ layers }: Graph) => layers.filter(({ op }) => op === "permute").length;

/** [H, W, C] turned to [C, H, W]. */
function channelsInFront(data: ArrayLike<number>, [h, w, c]: readonly [number, number, number]): number[] {
  return Array.from({ length: h * w * c }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / (h * w)), i % (h * w)];
    return data[pixel * c + channel] ?? Number.NaN;
  });
}

test("a network of channels first computes what tfjs does", async () => {
  const { layers } = tf;
  const first = { dataFormat: "channelsFirst" } as const;
  const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(x) as tf.SymbolicTensor;
  const image = tf.input({ shape: [C, 13, 11], name: "image" });
  const chain = (x: tf.SymbolicTensor, ...rest: tf.layers.Layer[]) =>
    rest.reduce((y, layer) => apply(layer, y), x);
  const a = chain(
    image,
    layers.zeroPadding2d({ padding: [[1, 0], [2, 1]], ...first }), // biome-ignore format: pairs of sides
    layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 1], activation: "relu", ...first }),
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same", ...first }),
    layers.leakyReLU({ alpha: 0.1 }),
    layers.maxPooling2d({ poolSize: [3, 2], strides: 1, padding: "same", ...first }),
  );
  const b = chain(a, layers.conv2d({ filters: 8, kernelSize: 3, padding: "same", ...first }));
  const sum = apply(layers.add(), [a, b]);
  const joined = apply(layers.concatenate({ axis: 1 }), [sum, a]);
  const y = chain(
    joined,
    layers.averagePooling2d({ poolSize: 2, ...first }),
    layers.upSampling2d({ size: [2, 3], ...first }),
    layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same", ...first }),
    layers.cropping2D({ cropping: [[1, 2], [0, 3]], ...first }), // biome-ignore format: pairs of sides
  );
  const flat = chain(y, layers.flatten(first), layers.dense({ units: 4 }));
  // In the file's own order.
  const raw = chain(y, layers.flatten(), layers.dense({ units: 4 }));
  const mean = chain(y, layers.globalAveragePooling2d(first), layers.dense({ units: 4 }));
  const model = tf.model({ inputs: image, outputs: apply(layers.add(), [flat, raw, mean]) });
  randomize(model, 1);
  const x = tf.randomUniform([1, C, 13, 11], -1, 1, "float32", 3);
  const expected = await (model.predict(x) as tf.Tensor).data();
  const graph = await read(await savedByTfjs(model));
  expect(graph.layers[0]).toMatchObject({ op: "input", shape: [13, 11, C] });
  expect(permutes(graph)).toBe(1);
  const last = await tf.transpose(x, [0, 2, 3, 1]).data();
  expectClose(await outputOf(graph, Float32Array.from(last)), expected, 1e-4);
});

/** Weights of the convolution that stands before what is tried: to 4 channels. */
const CONV: readonly Weight[] = [
  { name: "conv/kernel", shape: [3, 3, C, 4] },
  { name: "conv/bias", shape: [4] },
];
const conv = (data_format: string) =>
  kerasLayer("Conv2D", "conv", { filters: 4, kernel_size: [3, 3], padding: "same", data_format });

type Tried = readonly [className: string, config: Record<string, unknown>, weights?: readonly Weight[]];

/** A convolution and layers behind it, of a file with its channels first or last. */
function behindConvolution(first: boolean, tried: readonly Tried[]): Promise<Graph> {
  const format = first ? "channels_first" : "channels_last";
  const layers = tried.map(([className, config], i) => kerasLayer(className, `it${i}`, config));
  const weights = tried.flatMap(([, , own = []], i) =>
    own.map((weight) => ({ ...weight, name: `it${i}/${weight.name}` })),
  );
  const shape = first ? [C, H, W] : [H, W, C];
  return read(modelOf(sequential([conv(format), ...layers], shape), [...CONV, ...weights]));
}

const numbered = (name: string, shape: readonly number[], from = 0): Weight => {
  const values = Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => from + Math.sin(i + 2) / 3,
  );
  return { name, shape, values };
};
const STATISTICS = ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => numbered(name, [4], 1));
const AFFINE = ["gamma", "beta"].map((name) => numbered(name, [4], 1));
const SEPARABLE = [
  numbered("depthwise_kernel", [3, 3, 4, 1]),
  numbered("pointwise_kernel", [1, 1, 4, 2]),
].concat(numbered("bias", [2]));
/** Slopes of every element, stored with the channels last. */
const SLOPES = numbered("alpha", [H, W, 4]);

const FIRST = { data_format: "channels_first" };
const same = (...tried: Tried) => [tried, tried] as const;

describe("behind a convolution of channels first", () => {
  test.each<[what: string, layers: readonly [first: Tried, last: Tried], permutes: number]>([
    [
      "batch normalisation",
      [
        ["BatchNormalization", { axis: 1 }, STATISTICS],
        ["BatchNormalization", { axis: -1 }, STATISTICS],
      ],
      0,
    ],
    [
      "batch normalisation, its axis in a list",
      [
        ["BatchNormalization", { axis: [1] }, STATISTICS],
        ["BatchNormalization", { axis: [3] }, STATISTICS],
      ],
      0,
    ],
    [
      "layer normalisation",
      [
        ["LayerNormalization", { axis: 1 }, AFFINE],
        ["LayerNormalization", { axis: -1 }, AFFINE],
      ],
      0,
    ],
    [
      "group normalisation",
      [
        ["GroupNormalization", { axis: 1, groups: 2 }, AFFINE],
        ["GroupNormalization", { groups: 2 }, AFFINE],
      ],
      0,
    ],
    [
      "softmax",
      [
        ["Softmax", { axis: -3 }],
        ["Softmax", { axis: -1 }],
      ],
      0,
    ],
    [
      "softmax along the columns",
      [
        ["Softmax", { axis: 2 }],
        ["Softmax", { axis: 1 }],
      ],
      1,
    ],
    [
      "softmax along the rows, as an activation",
      [
        ["Activation", { activation: "softmax" }],
        ["Softmax", { axis: 2 }],
      ],
      1,
    ],
    [
      "a separable convolution",
      [
        ["SeparableConv2D", { filters: 2, kernel_size: 3, ...FIRST }, SEPARABLE],
        ["SeparableConv2D", { filters: 2, kernel_size: 3 }, SEPARABLE],
      ],
      0,
    ],
    [
      "bilinear enlargement",
      [
        ["UpSampling2D", { interpolation: "bilinear", ...FIRST }],
        ["UpSampling2D", { interpolation: "bilinear" }],
      ],
      0,
    ],
    ["a rescaling", same("Rescaling", { scale: 2, offset: -1 }), 0],
    [
      "dropout",
      [
        ["SpatialDropout2D", { ...FIRST }],
        ["Dropout", {}],
      ],
      0,
    ],
    [
      "slopes of channels",
      [
        ["PReLU", { shared_axes: [2, 3] }, [numbered("alpha", [4, 1, 1])]],
        ["PReLU", { shared_axes: [1, 2] }, [numbered("alpha", [1, 1, 4])]],
      ],
      1,
    ],
    [
      "slopes of elements",
      [
        [
          "PReLU",
          {},
          [{ ...SLOPES, shape: [4, H, W], values: channelsInFront(SLOPES.values ?? [], [H, W, 4]) }],
        ],
        ["PReLU", {}, [SLOPES]],
      ],
      1,
    ],
    [
      "axes in another order",
      [
        ["Permute", { dims: [2, 3, 1] }],
        ["Dropout", {}],
      ],
      0,
    ],
    [
      "global pooling that keeps its axes",
      [
        ["GlobalMaxPooling2D", { keepdims: true, ...FIRST }],
        ["GlobalMaxPooling2D", { keepdims: true }],
      ],
      0,
    ],
  ])("%s", async (_, [first, last], expected) => {
    const [ours, theirs] = [await behindConvolution(true, [first]), await behindConvolution(false, [last])];
    expect(permutes(ours)).toBe(expected);
    const [found, wanted] = [await outputOf(ours), await outputOf(theirs)];
    const [, h = 1, w = 1, c = 1] = shapesOf(theirs).get(theirs.output) ?? [];
    expectClose(found, expected > 0 ? channelsInFront(wanted, [h, w, c]) : wanted, 1e-5);
  });

  test("a reshape and a dense layer take the file's axes", async () => {
    const weights = [numbered("kernel", [H * W, 2]), numbered("bias", [2])];
    const graph = await behindConvolution(true, [
      ["Reshape", { target_shape: [4, H * W] }],
      ["Dense", { units: 2 }, weights],
    ]);
    const maps = channelsInFront(await outputOf(await behindConvolution(false, [])), [H, W, 4]);
    const [kernel, bias] = weights.map(({ values = [] }) => values);
    const expected = Array.from({ length: 8 }, (_, i) => {
      const [map, unit] = [Math.floor(i / 2), i % 2];
      const terms = Array.from(
        { length: H * W },
        (_, p) => (maps[map * H * W + p] ?? 0) * (kernel?.[p * 2 + unit] ?? 0),
      );
      return terms.reduce((a, b) => a + b, bias?.[unit] ?? 0);
    });
    expectClose(await outputOf(graph), expected, 1e-4);
  });

  test("what a softmax that is fused would run along is said", async () => {
    const fused: Tried = ["Conv2D", { filters: 1, kernel_size: 1, activation: "softmax", ...FIRST }];
    await expect(behindConvolution(true, [fused])).rejects.toThrow(
      'layer "it0" (Conv2D): expected no softmax among channels_first, where it runs along the rows; give',
    );
  });
});

/** A network of a picture and of layers that read others by name. */
function functional(shape: readonly (number | null)[], list: readonly (readonly [Tried, ...string[]])[]) {
  const layers = list.map(([[class_name, config], ...from], i) => ({
    class_name,
    name: `l${i}`,
    config: { name: `l${i}`, ...config },
    inbound_nodes: [from.map((name) => [name, 0, 0, {}])],
  }));
  const input = {
    class_name: "InputLayer",
    name: "x",
    config: { name: "x", batch_input_shape: [null, ...shape] },
    inbound_nodes: [],
  };
  const ends = { input_layers: [["x", 0, 0]], output_layers: [[`l${list.length - 1}`, 0, 0]] };
  return { class_name: "Functional", config: { name: "net", layers: [input, ...layers], ...ends } };
}

test("a gate over channels multiplies each by its own factor, and moves nothing", async () => {
  const pool: Tried = ["MaxPooling2D", { pool_size: 1, ...FIRST }];
  const graph = await read(
    modelOf(
      functional(
        [C, H, W],
        [
          [pool, "x"],
          [["GlobalAveragePooling2D", FIRST], "l0"],
          [["Reshape", { target_shape: [C, 1, 1] }], "l1"],
          [["Multiply", {}], "l0", "l2"],
        ],
      ),
      [],
    ),
  );
  expect(permutes(graph)).toBe(0);
  const mean = (c: number) => PICTURE.reduce((sum, value, i) => sum + (i % C === c ? value : 0), 0) / (H * W);
  expectClose(
    await outputOf(graph),
    Array.from(PICTURE, (value, i) => value * mean(i % C)),
    1e-5,
  );
});

test("a picture that is permuted to channels first is not moved", async () => {
  const pool: Tried = ["MaxPooling2D", { pool_size: 1, ...FIRST }];
  const files = modelOf(
    functional(
      [H, W, C],
      [
        [["Permute", { dims: [3, 1, 2] }], "x"],
        [pool, "l0"],
      ],
    ),
    [],
  );
  const graph = await read(files);
  expect(graph.layers[0]).toMatchObject({ shape: [H, W, C] });
  expect(permutes(graph)).toBe(0);
  expect(await outputOf(graph)).toEqual(PICTURE);
});

test("a free size is given as height×width×channels", async () => {
  const pool: Tried = ["AveragePooling2D", { pool_size: 1, ...FIRST }];
  const files = modelOf(functional([C, null, null], [[pool, "x"]]), []);
  await expect(read(files)).rejects.toThrow("expected an input of fixed size, got ?×?×3");
  const graph = await loadLayersModel(files, { preprocessing: "none", inputShape: [H, W, C] });
  expect(await outputOf(graph)).toEqual(PICTURE);
});

import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { expectClose } from "../reference/numbers.ts";
import { functional, modelOf } from "./fixtures.ts";

type Entry = readonly [className: string, name: string, config: Record<string, unknown>, inbound: unknown];

const IMAGE: Entry = ["InputLayer", "image", { batch_input_shape: [null, 4, 5, 3] }, []];

/** An operation as Keras 2.4 to 2.15 write it: a function's name, and what it is given beside its input. */
const op2 = (name: string, of: string, input: unknown, given: Record<string, unknown>): Entry => [
  of === "__operators__.getitem" ? "SlicingOpLambda" : "TFOpLambda",
  name,
  { trainable: true, dtype: "float32", function: of },
  [Array.isArray(input) ? [...input, given] : [input, 0, 0, given]],
];

const tensor = (name: string) => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 4, 5, 3], dtype: "float32", keras_history: [name, 0, 0] },
});

/** An operation as Keras 3 writes it: a class, and its operands in order. */
const op3 = (
  className: string,
  name: string,
  args: readonly unknown[],
  config: Record<string, unknown> = {},
): Entry => [className, name, config, [{ args, kwargs: {} }]];

const SHAPE = [4, 5, 3] as const;
const PICTURE = Float32Array.from({ length: 60 }, (_, i) => ((i * 37) % 256) - 20);
/** Value at a row, column and channel. */
const at = (h: number, w: number, c: number) => PICTURE[(h * 5 + w) * 3 + c] ?? Number.NaN;

/** Every value of an array of a shape, in order. */
function all(shape: readonly number[], value: (h: number, w: number, c: number) => number): number[] {
  const [h = 1, w = 1, c = 1] = shape;
  return Array.from({ length: h * w * c }, (_, i) =>
    value(Math.floor(i / c / w), Math.floor(i / c) % w, i % c),
  );
}

const graphOf = (entries: readonly Entry[]) =>
  loadLayersModel(modelOf(functional([IMAGE, ...entries], [[entries.at(-1)?.[1], 0, 0]]), []), {
    preprocessing: "none",
  });

/** Values of the last of some operations, for {@link PICTURE}. */
async function valuesOf(entries: readonly Entry[]) {
  const network = await createNetwork(await testDevice(), await graphOf(entries));
  const name = entries.at(-1)?.[1] ?? "";
  const { data, shape } = await activations(network, PICTURE, { layer: name });
  network.destroy();
  return { data, shape };
}

const MEANS = [103.939, 116.779, 123.68];
const FLIP = { class_name: "__slice__", config: { start: null, stop: null, step: -1 } };
const ELLIPSIS = { class_name: "__ellipsis__", config: {} };

/** What Keras's preprocess_input does, by mode, in both forms, and the same by hand. */
const PREPROCESSING: Record<
  string,
  readonly [entries: readonly Entry[], value: (h: number, w: number, c: number) => number]
> = {
  "tf of Keras 2": [
    [
      op2("tf.math.truediv", "math.truediv", "image", { y: 127.5, name: null }),
      op2("tf.math.subtract", "math.subtract", "tf.math.truediv", { y: 1.0, name: null }),
    ],
    (h, w, c) => at(h, w, c) / 127.5 - 1,
  ],
  "tf of Keras 3": [
    [
      op3("TrueDivide", "true_divide", [tensor("image"), 127.5]),
      op3("Subtract", "subtract", [tensor("true_divide"), 1.0]),
    ],
    (h, w, c) => at(h, w, c) / 127.5 - 1,
  ],
  "caffe of Keras 2": [
    [
      op2("tf.__operators__.getitem", "__operators__.getitem", "image", {
        slice_spec: [{ class_name: "__ellipsis__" }, { start: null, stop: null, step: -1 }],
      }),
      op2("tf.nn.bias_add", "nn.bias_add", "tf.__operators__.getitem", {
        bias: MEANS.map((mean) => -mean),
        data_format: "channels_last",
      }),
    ],
    (h, w, c) => at(h, w, 2 - c) - (MEANS[c] ?? 0),
  ],
  "caffe of Keras 3": [
    [
      op3("GetItem", "get_item", [tensor("image"), { class_name: "__tuple__", items: [ELLIPSIS, FLIP] }]),
      op3("Add", "add", [
        tensor("get_item"),
        { class_name: "__numpy__", config: { value: MEANS.map((mean) => -mean), dtype: "float32" } },
      ]),
    ],
    (h, w, c) => at(h, w, 2 - c) - (MEANS[c] ?? 0),
  ],
  "torch of Keras 2": [
    [
      op2("tf.cast", "cast", "image", { dtype: "float32" }),
      op2("tf.math.multiply", "math.multiply", "tf.cast", { y: 1 / 255 }),
      op2("tf.math.subtract", "math.subtract", "tf.math.multiply", { y: [[[[0.485, 0.456, 0.406]]]] }),
      op2("tf.math.truediv", "math.truediv", "tf.math.subtract", { y: [0.229, 0.224, 0.225] }),
    ],
    (h, w, c) => (at(h, w, c) / 255 - ([0.485, 0.456, 0.406][c] ?? 0)) / ([0.229, 0.224, 0.225][c] ?? 1),
  ],
};

test.each(Object.entries(PREPROCESSING))(
  "preprocess_input in mode %s is computed",
  async (_, [entries, value]) => {
    const { data, shape } = await valuesOf(entries);
    expect(shape.slice(-3)).toEqual(SHAPE);
    expectClose(data, all(SHAPE, value), 1e-5);
  },
);

test("a network that scales its pictures by operations takes them as they are", async () => {
  for (const mode of ["tf of Keras 2", "tf of Keras 3", "caffe of Keras 2"]) {
    const [entries = []] = PREPROCESSING[mode] ?? [];
    const mean: Entry = [
      "Conv2D",
      "conv",
      { filters: 1, kernel_size: 1, use_bias: false },
      [[[entries.at(-1)?.[1], 0, 0, {}]]],
    ];
    const { preprocessing } = await loadLayersModel(
      modelOf(functional([IMAGE, ...entries, mean], [["conv", 0, 0]]), [
        { name: "conv/kernel", shape: [1, 1, 3, 1] },
      ]),
    );
    expect([mode, preprocessing.range, preprocessing.mean, preprocessing.std]).toEqual([
      mode,
      1,
      [0, 0, 0],
      [1, 1, 1],
    ]);
  }
});

describe("operations", () => {
  const CASES: readonly [
    what: string,
    entries: readonly Entry[],
    shape: readonly number[],
    value: (h: number, w: number, c: number) => number,
  ][] = [
    [
      "a value before the input",
      [op2("tf.math.subtract", "math.subtract", ["_CONSTANT_VALUE", -1, 2.5], { y: ["image", 0, 0] })],
      SHAPE,
      (h, w, c) => 2.5 - at(h, w, c),
    ],
    [
      "a value before the input, in Keras 3",
      [op3("Subtract", "s", [2.5, tensor("image")])],
      SHAPE,
      (h, w, c) => 2.5 - at(h, w, c),
    ],
    [
      "two inputs in their order",
      [
        op2("twice", "math.multiply", "image", { y: 2 }),
        op2("less", "math.subtract", "image", { y: ["twice", 0, 0] }),
      ],
      SHAPE,
      (h, w, c) => at(h, w, c) - 2 * at(h, w, c),
    ],
    [
      "a value for each pixel",
      [
        op3("Add", "a", [
          tensor("image"),
          all([4, 5], (h, w) => 5 * h + w)
            .map((v) => [v])
            .reduce<number[][][]>((rows, v, i) => {
              if (i % 5 === 0) rows.push([]);
              rows.at(-1)?.push(v);
              return rows;
            }, []),
        ]),
      ],
      SHAPE,
      (h, w, c) => at(h, w, c) + 5 * h + w,
    ],
    [
      "a value that is the larger",
      [op2("m", "math.maximum", "image", { y: 3 })],
      SHAPE,
      (h, w, c) => Math.max(3, at(h, w, c)),
    ],
    ["division of a value", [op3("Divide", "d", [7, tensor("image")])], SHAPE, (h, w, c) => 7 / at(h, w, c)],
    [
      "parts of each axis",
      [
        op3("GetItem", "g", [
          tensor("image"),
          [
            { start: null, stop: null, step: null },
            { start: 1, stop: -1, step: null },
            { start: null, stop: null, step: 2 },
            { start: -2, stop: null, step: null },
          ],
        ]),
      ],
      [2, 3, 2],
      (h, w, c) => at(h + 1, 2 * w, c + 1),
    ],
    [
      "one element of an axis",
      [
        op2("g", "__operators__.getitem", "image", {
          slice_spec: [{ start: null }, { start: null }, { start: null }, 1],
        }),
      ],
      [4, 5],
      (h, w) => at(h, w, 1),
    ],
    [
      "the mean over pixels",
      [op2("r", "math.reduce_mean", "image", { axis: [1, 2] })],
      [1, 1, 3],
      (_, __, c) => all([4, 5], (h, w) => at(h, w, c)).reduce((a, b) => a + b) / 20,
    ],
    [
      "the largest channel",
      [op3("Max", "r", [tensor("image")], { axis: -1, keepdims: true })],
      [4, 5, 1],
      (h, w) => Math.max(at(h, w, 0), at(h, w, 1), at(h, w, 2)),
    ],
    [
      "a ReLU with a ceiling, a slope and a threshold",
      [op2("r", "keras.activations.relu", "image", { negative_slope: 0.1, max_value: 90, threshold: 20 })],
      [4, 5, 3],
      (h, w, c) => (at(h, w, c) >= 20 ? Math.min(90, at(h, w, c)) : 0.1 * (at(h, w, c) - 20)),
    ],
    [
      "GELU by tanh, as Keras 3 says it",
      [
        op3("TrueDivide", "d", [tensor("image"), 100]),
        op3("Gelu", "g", [tensor("d")], { approximate: true }),
      ],
      [4, 5, 3],
      (h, w, c) => {
        const x = at(h, w, c) / 100;
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
      },
    ],
    [
      "axes in another order",
      [op2("t", "transpose", "image", { perm: [0, 2, 1, 3] })],
      [5, 4, 3],
      (h, w, c) => at(w, h, c),
    ],
  ];

  test.each(CASES)("%s", async (_, entries, shape, value) => {
    const { data } = await valuesOf(entries);
    const [h = 1, w = 1, c = 1] = shape;
    const values = shape.length === 2 ? all([h, w, 1], value) : all([h, w, c], value);
    expectClose(data, values, 1e-5);
  });

  test.each<[what: string, entry: Entry, message: RegExp]>([
    [
      "of another name",
      op2("f", "signal.fft2d", "image", {}),
      /expected one of the operations .*, got signal\.fft2d/,
    ],
    ["that round", op2("c", "cast", "image", { dtype: "uint8" }), /expected a cast to floats, got "uint8"/],
    ["along the batch", op2("r", "math.reduce_sum", "image", { axis: 0 }), /other than the batch's, got 0/],
    [
      "that part the batch",
      op2("g", "__operators__.getitem", "image", { slice_spec: [{ start: 1, stop: null, step: null }] }),
      /expected the batch as it is/,
    ],
    [
      "of a value that is text",
      op2("a", "math.add", "image", { y: "1" }),
      /expected an operand of numbers, got "1"/,
    ],
    [
      "with a parameter that the activation does not have",
      op2("s", "nn.sigmoid", "image", { beta: 2 }),
      /expected sigmoid with no parameter but its input, got beta/,
    ],
    [
      "of a softmax over two axes",
      op2("s", "nn.softmax", "image", { axis: [1, 2] }),
      /over one axis, got \[1,2\]/,
    ],
    ["that turn the batch", op2("t", "transpose", "image", {}), /expected the batch first/],
  ])("%s are refused by name", async (_, entry, message) => {
    const loading = graphOf([entry]);
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(/^layer "/);
  });
});

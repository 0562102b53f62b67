import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import type { HeadKind } from "../../src/graph/graph.ts";
import { headsOf } from "../../src/graph/heads.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { predict } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { numbers } from "../reference/numbers.ts";
import { randomize, savedByTfjs } from "./saved-by-tfjs.ts";

// Outputs as people write them in Keras; tfjs on the CPU says what the network gives.

const { layers } = tf;
const SHAPE = [6, 6, 2] as const;
const image = numbers(72, 9);

type Symbolic = tf.SymbolicTensor;
const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;
const input = () => tf.input({ shape: [...SHAPE], name: "image" });
const conv = (filters: number, name: string, activation?: "relu" | "sigmoid") =>
  layers.conv2d({ filters, kernelSize: 3, name, ...(activation ? { activation } : {}) });
const mean = (x: Symbolic) => apply(layers.globalAveragePooling2d({ name: "gap" }), x);
const body = (x: Symbolic) => mean(apply(conv(4, "conv", "relu"), x));
const dense = (units: number, name: string, activation?: "sigmoid" | "softmax" | "tanh" | "relu") =>
  layers.dense({ units, name, ...(activation ? { activation } : {}) });

/** A name, the model's outputs, and the heads that they have. */
const CASES: [
  string,
  (x: Symbolic) => Symbolic | Symbolic[],
  [name: string, kind: HeadKind, logits: string][],
][] = [
  [
    "a sigmoid in a nested model",
    (x) => {
      const head = tf.sequential({ name: "top" });
      head.add(layers.dense({ units: 5, activation: "relu", inputShape: [4], name: "hidden" }));
      head.add(dense(1, "flag", "sigmoid"));
      return head.apply(body(x)) as Symbolic;
    },
    [["top/flag", "sigmoid", "top/flag/logits"]],
  ],
  [
    "a sigmoid layer behind a batch norm and a dropout",
    (x) => {
      const normed = apply(layers.batchNormalization({ name: "norm" }), apply(dense(3, "d"), body(x)));
      const p = apply(layers.activation({ activation: "sigmoid", name: "p" }), normed);
      return apply(layers.dropout({ rate: 0.5, name: "drop" }), p);
    },
    [["drop", "sigmoid", "norm"]],
  ],
  [
    "one layer called twice: two outputs",
    (x) => {
      const flag = dense(1, "flag", "sigmoid");
      const other = mean(apply(conv(4, "other", "relu"), x));
      return [
        apply(flag, apply(layers.globalMaxPooling2d({ name: "max" }), apply(conv(4, "conv", "relu"), x))),
        apply(flag, other),
      ];
    },
    [
      ["flag", "sigmoid", "flag/logits"],
      ["flag:1", "sigmoid", "flag:1/logits"],
    ],
  ],
  [
    "an output in the middle of the network, and three in all",
    (x) => {
      const inner = apply(dense(3, "inner", "sigmoid"), body(x));
      const kind = apply(dense(4, "kind", "softmax"), inner);
      return [inner, kind, apply(dense(2, "size", "tanh"), inner)];
    },
    [
      ["inner", "sigmoid", "inner/logits"],
      ["kind", "softmax", "kind"],
      ["size", "values", "size"],
    ],
  ],
  [
    "a 1×1 convolution's means, through a softmax",
    (x) => {
      const maps = apply(layers.conv2d({ filters: 3, kernelSize: 1, name: "maps" }), x);
      return apply(layers.softmax({ name: "soft", axis: 1 }), mean(maps));
    },
    [["soft", "softmax", "gap"]],
  ],
  [
    "a convolution of one place with a sigmoid",
    (x) =>
      layers.conv2d({ filters: 3, kernelSize: 6, activation: "sigmoid", name: "last" }).apply(x) as Symbolic,
    [["last", "sigmoid", "last/logits"]],
  ],
  [
    "a softmax over one value",
    (x) => apply(dense(1, "always", "softmax"), body(x)),
    [["always", "softmax", "always"]],
  ],
  [
    "a flattened sigmoid",
    (x) => apply(layers.flatten({ name: "flat" }), apply(conv(1, "mask", "sigmoid"), x)),
    [["flat", "places", "mask/logits"]],
  ],
];

beforeAll(async () => {
  await tf.setBackend("cpu");
});

test.each(CASES)("%s", async (_, outputs, expected) => {
  const x = input();
  const model = tf.model({ inputs: x, outputs: outputs(x) });
  randomize(model, 17);
  const graph = await loadLayersModel(await savedByTfjs(model), { preprocessing: "none" });
  expect(headsOf(graph).map(({ name, kind, logits }) => [name, kind, logits])).toEqual(expected);
  const network = await createNetwork(await testDevice(), graph, { keep: [], gradients: false });
  const right = tf.tidy(() =>
    [model.predict(tf.tensor4d(image, [1, ...SHAPE]))].flat().map((tensor) => tensor.dataSync<"float32">()),
  );
  for (const [i, head] of headsOf(graph).entries()) {
    const numbersOf = Array.from(right[i] ?? []);
    const found = await predict(network, image, { output: head.name, top: 9 });
    for (const { index, probability, value, share, label } of found) {
      if (share !== undefined) {
        const part = numbersOf.filter((p) => p > 0.5 === (label === "yes")).length / numbersOf.length;
        expect(share).toBeCloseTo(part, 6);
        continue;
      }
      const own = label === "no" ? 1 - (numbersOf[0] ?? 0) : numbersOf[index];
      expect(probability ?? value).toBeCloseTo(own ?? Number.NaN, 5);
    }
    expect(found).toHaveLength(head.classes);
  }
  network.destroy();
  model.dispose();
});

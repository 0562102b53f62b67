import type { DroppedModel } from "./tiny-model.ts";

/** The classes of {@link paintedModel}. */
export const PAINTED = ["dim", "red", "green", "blue", "bright"] as const;

/** Scores of a color by three channels of 0 to 1, and a constant. */
const SEES: Readonly<
  Record<(typeof PAINTED)[number], readonly [r: number, g: number, b: number, c: number]>
> = {
  dim: [-1 / 3, -1 / 3, -1 / 3, 0.45],
  red: [1, -0.5, -0.5, 0],
  green: [-0.5, 1, -0.5, 0],
  blue: [-0.5, -0.5, 1, 0],
  bright: [1 / 3, 1 / 3, 1 / 3, -0.6],
};
const CLASSES = PAINTED.length;

/**
 * A U-Net whose weights are written by hand, for pictures of size × size: it finds what is dim, red, green, blue and bright, at
 * three resolutions, and puts them together from the coarsest to the finest.
 * @param head "softmax": one class a place; "sigmoid": labels by themselves, of which a place may have none.
 */
export function paintedModel(head: "softmax" | "sigmoid" = "softmax", size = 64): DroppedModel {
  const values: number[] = [];
  const weights: { name: string; shape: number[]; dtype: "float32" }[] = [];
  const layers: object[] = [];
  const push = (class_name: string, name: string, inputs: readonly string[], config: object) =>
    layers.push({
      class_name,
      name,
      config: { name, ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
    });
  /** A convolution that blurs by side × side, and mixes channels by `mix(from, to)`. */
  const conv = (
    name: string,
    input: string,
    [side, from]: readonly [number, number],
    mix: (from: number, to: number) => number,
    bias: (to: number) => number,
    activation = "relu",
  ) => {
    push("Conv2D", name, [input], {
      ...{ filters: CLASSES, kernel_size: [side, side], strides: [1, 1], padding: "same" },
      ...{ data_format: "channels_last", dilation_rate: [1, 1], activation, use_bias: true },
    });
    weights.push({ name: `${name}/kernel`, shape: [side, side, from, CLASSES], dtype: "float32" });
    for (let tap = 0; tap < side * side; tap++) {
      for (let i = 0; i < from; i++) for (let k = 0; k < CLASSES; k++) values.push(mix(i, k) / side ** 2);
    }
    weights.push({ name: `${name}/bias`, shape: [CLASSES], dtype: "float32" });
    for (let k = 0; k < CLASSES; k++) values.push(bias(k));
  };
  const none = () => 0;
  const seen = PAINTED.map((name) => SEES[name]);
  push("InputLayer", "picture", [], { batch_input_shape: [null, size, size, 3], dtype: "float32" });
  conv(
    "look",
    "picture",
    [3, 3],
    (i, k) => seen[k]?.[i] ?? 0,
    (k) => seen[k]?.[3] ?? 0,
  );
  let before = "look";
  const alike = (i: number, k: number) => Number(i === k);
  for (const part of ["half", "quarter"]) {
    const pool = { pool_size: [2, 2], strides: [2, 2], padding: "valid", data_format: "channels_last" };
    push("AveragePooling2D", `${part}_pool`, [before], pool);
    conv(part, `${part}_pool`, [3, CLASSES], alike, none);
    before = part;
  }
  for (const [name, beside] of [
    ["wide", "half"],
    ["fine", "look"],
  ] as const) {
    push("UpSampling2D", `${name}_up`, [before], { size: [2, 2], interpolation: "nearest" });
    push("Concatenate", `${name}_both`, [`${name}_up`, beside], { axis: -1 });
    // What is seen in the large counts less than what is seen here.
    const mix = (i: number, k: number) => Number(i % CLASSES === k) * (i < CLASSES ? 0.3 : 0.7);
    conv(name, `${name}_both`, [3, 2 * CLASSES], mix, none);
    before = name;
  }
  const bias = head === "softmax" ? none : () => -2;
  conv("classes", before, [1, CLASSES], (i, k) => 24 * alike(i, k), bias, head);
  const manifest = {
    format: "layers-model",
    modelTopology: {
      model_config: {
        class_name: "Functional",
        config: {
          name: "painted",
          layers,
          input_layers: [["picture", 0, 0]],
          output_layers: [["classes", 0, 0]],
        },
      },
    },
    weightsManifest: [{ paths: ["painted.bin"], weights }],
    userDefinedMetadata: {
      labels: PAINTED,
      preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] },
    },
  };
  return { manifest: JSON.stringify(manifest), weights: new Uint8Array(Float32Array.from(values).buffer) };
}

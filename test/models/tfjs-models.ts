import * as tf from "@tensorflow/tfjs";

const { layers } = tf;

/** Small networks that together use every construct that tfjs itself can save. */
export const TFJS_MODELS: Readonly<Record<string, () => tf.LayersModel>> = {
  sequential: () =>
    tf.sequential({
      layers: [
        layers.conv2d({
          inputShape: [9, 8, 3],
          filters: 4,
          kernelSize: 3,
          activation: "relu",
          padding: "same",
          name: "first",
        }),
        layers.batchNormalization({ name: "normal", scale: false }),
        layers.maxPooling2d({ poolSize: 2, strides: 2, padding: "same", name: "small" }),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: "relu6", name: "depth" }),
        layers.averagePooling2d({ poolSize: 2, strides: 1, name: "mean" }),
        layers.flatten({ name: "flat" }),
        layers.dropout({ rate: 0.5, name: "drop" }),
        layers.dense({ units: 5, activation: "softmax", name: "classes" }),
      ],
    }),

  enlarged: () =>
    tf.sequential({
      layers: [
        layers.upSampling2d({
          inputShape: [5, 6, 2],
          size: [2, 3],
          interpolation: "bilinear",
          name: "smooth",
        }),
        layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, name: "mixed" }),
        layers.globalAveragePooling2d({ name: "mean" }),
      ],
    }),

  functional: () => {
    const image = tf.input({ shape: [8, 8, 3], name: "image" });
    const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
      layer.apply(x) as tf.SymbolicTensor;
    const padded = apply(
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [1, 0],
        ],
        name: "pad",
      }),
      image,
    );
    const a = apply(
      layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, useBias: false, name: "a" }),
      padded,
    );
    const b = apply(layers.leakyReLU({ alpha: 0.1, name: "b" }), a);
    const c = apply(
      layers.separableConv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "tanh", name: "c" }),
      b,
    );
    const d = apply(layers.add({ name: "d" }), [a, c]);
    const e = apply(layers.reLU({ maxValue: 6, name: "e" }), d);
    const pooled = apply(layers.globalAveragePooling2d({ name: "squeeze" }), e);
    const row = apply(layers.reshape({ targetShape: [1, 1, 4], name: "row" }), pooled);
    const gate = apply(layers.dense({ units: 4, activation: "sigmoid", name: "gate" }), row);
    // tfjs cannot broadcast in multiply: the gate is enlarged to the image's size.
    const wide = apply(layers.upSampling2d({ size: [4, 4], name: "wide" }), gate);
    const f = apply(layers.multiply({ name: "f" }), [e, wide]);
    const g = apply(layers.concatenate({ axis: -1, name: "g" }), [f, e]);
    const h = apply(layers.activation({ activation: "swish", name: "h" }), g);
    const i = apply(layers.globalMaxPooling2d({ name: "i" }), h);
    const j = apply(layers.dense({ units: 3, name: "j" }), i);
    return tf.model({ inputs: image, outputs: apply(layers.softmax({ name: "k" }), j), name: "parts" });
  },

  nested: () => {
    const image = tf.input({ shape: [6, 6, 2], name: "pixels" });
    const conv = layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", name: "conv" }).apply(image);
    const eyes = tf.model({ inputs: image, outputs: conv as tf.SymbolicTensor, name: "eyes" });
    const head = tf.sequential({
      name: "head",
      layers: [
        layers.globalAveragePooling2d({ inputShape: [4, 4, 3], name: "mean" }),
        layers.dense({ units: 2, activation: "softmax", name: "out" }),
      ],
    });
    return tf.sequential({ name: "whole", layers: [eyes, head] });
  },

  shared: () => {
    const image = tf.input({ shape: [6, 6, 2], name: "image" });
    const conv = layers.conv2d({ filters: 2, kernelSize: 3, padding: "same", name: "conv" });
    const block = tf.sequential({
      name: "block",
      layers: [
        layers.conv2d({
          inputShape: [6, 6, 2],
          filters: 2,
          kernelSize: 1,
          activation: "softmax",
          name: "mix",
        }),
        layers.batchNormalization({ name: "normal" }),
      ],
    });
    const once = conv.apply(image) as tf.SymbolicTensor;
    const twice = conv.apply(once) as tf.SymbolicTensor;
    const a = block.apply(twice) as tf.SymbolicTensor;
    const b = block.apply(a) as tf.SymbolicTensor;
    return tf.model({
      inputs: image,
      outputs: layers.add({ name: "sum" }).apply([a, b, once]) as tf.SymbolicTensor,
    });
  },

  transposed: () =>
    tf.sequential({
      layers: [
        layers.conv2dTranspose({
          inputShape: [3, 4, 2],
          filters: 3,
          kernelSize: 3,
          strides: 2,
          padding: "same",
          activation: "relu",
          name: "same",
        }),
        layers.conv2dTranspose({ filters: 2, kernelSize: [4, 2], strides: [1, 3], name: "valid" }),
        layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, padding: "same", name: "gaps" }),
        layers.conv2dTranspose({ filters: 2, kernelSize: 1, strides: 2, useBias: false, name: "points" }),
        layers.conv2dTranspose({ filters: 1, kernelSize: 4, strides: 2, padding: "same", name: "even" }),
      ],
    }),

  curved: () => {
    const image = tf.input({ shape: [5, 4, 3], name: "image" });
    const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
      layer.apply(x) as tf.SymbolicTensor;
    const names = ["elu", "selu", "softplus", "softsign", "hardSigmoid", "mish", "gelu", "relu6"] as const;
    const each = names.map((activation) =>
      apply(
        layers.conv2d({ filters: 2, kernelSize: 1, activation: activation as "elu", name: activation }),
        image,
      ),
    );
    const cut = apply(layers.thresholdedReLU({ theta: 0.3, name: "cut" }), image);
    const bent = apply(layers.elu({ alpha: 1, name: "bent" }), image);
    const capped = apply(layers.reLU({ maxValue: 0.5, name: "capped" }), image);
    const places = apply(layers.prelu({ name: "places" }), image);
    const slopes = apply(layers.prelu({ sharedAxes: [1, 2], name: "slopes" }), image);
    const all = apply(layers.concatenate({ name: "all" }), [...each, cut, bent, capped, places, slopes]);
    const channels = apply(layers.layerNormalization({ name: "channels" }), all);
    return tf.model({ inputs: image, outputs: channels });
  },

  parted: () => {
    const image = tf.input({ shape: [7, 6, 2], name: "image" });
    const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
      layer.apply(x) as tf.SymbolicTensor;
    const cropped = apply(
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
        name: "cropped",
      }),
      image,
    );
    const turned = apply(layers.permute({ dims: [2, 1, 3], name: "turned" }), cropped);
    const a = apply(layers.conv2d({ filters: 3, kernelSize: 1, name: "a" }), turned);
    const b = apply(layers.conv2d({ filters: 3, kernelSize: 1, name: "b" }), turned);
    const c = apply(layers.conv2d({ filters: 3, kernelSize: 1, name: "c" }), turned);
    const merged = [
      apply(layers.average({ name: "mean" }), [a, b, c]),
      apply(layers.maximum({ name: "most" }), [a, b, c]),
      apply(layers.minimum({ name: "least" }), [a, b]),
      apply(layers.multiply({ name: "product" }), [a, b, c]),
    ];
    const all = apply(layers.concatenate({ axis: 2, name: "all" }), merged);
    const deep = apply(layers.reshape({ targetShape: [5, 2, 8, 3], name: "deep" }), all);
    const swapped = apply(layers.permute({ dims: [3, 1, 4, 2], name: "swapped" }), deep);
    const x = apply(layers.dense({ units: 3, name: "x" }), apply(layers.flatten({ name: "flat" }), swapped));
    const y = apply(layers.dense({ units: 3, name: "y" }), x);
    return tf.model({ inputs: image, outputs: apply(layers.dot({ axes: 1, name: "dot" }), [x, y]) });
  },

  outputs: () => {
    const image = tf.input({ shape: [5, 5, 1], name: "image" });
    const conv = layers.conv2d({ filters: 2, kernelSize: 3, name: "conv" }).apply(image) as tf.SymbolicTensor;
    const main = layers.flatten({ name: "main" }).apply(conv) as tf.SymbolicTensor;
    const other = layers
      .conv2d({ filters: 1, kernelSize: 1, name: "other" })
      .apply(conv) as tf.SymbolicTensor;
    return tf.model({ inputs: image, outputs: [main, other] });
  },
};

/** A network as the two files that a person would drop. */
export interface DroppedModel {
  readonly manifest: string;
  readonly weights: Uint8Array;
}

/** One layer of a chain; weights are a sine's values, so that no two maps are alike. */
export type ChainLayer =
  | { readonly conv: string; readonly filters: number; readonly activation?: string; readonly bias?: number }
  | { readonly pool: string; readonly by: number }
  | { readonly mean: string }
  | { readonly dense: string; readonly units: number; readonly activation?: string }
  /** A fully connected layer of one unit beside those that follow: an output of its own, listed first. */
  | { readonly value: string };

/**
 * Writes a chain of layers as a Keras model for images of size × size × `inputChannels`: 3 × 3 convolutions of stride 1 with ReLU,
 * maximum pooling, means of maps, fully connected layers with softmax. The shard is called `<name>.bin`.
 */
export function chainOf(
  name: string,
  size: number,
  chain: readonly ChainLayer[],
  inputChannels = 3,
): DroppedModel {
  const values: number[] = [];
  const weights: { name: string; shape: number[]; dtype: "float32" }[] = [];
  const add = (path: string, shape: number[], value: (index: number) => number) => {
    weights.push({ name: path, shape, dtype: "float32" });
    const count = shape.reduce((product, axis) => product * axis, 1);
    for (let i = 0; i < count; i++) values.push(value(values.length));
  };
  const wave = (index: number) => Math.sin(1 + index * 1.7) * 0.5;
  let channels = inputChannels;
  let before = "eye";
  const beside: string[] = [];
  const layers: object[] = [
    {
      class_name: "InputLayer",
      name: "eye",
      config: { name: "eye", batch_input_shape: [null, size, size, inputChannels], dtype: "float32" },
      inbound_nodes: [],
    },
  ];
  const push = (class_name: string, layer: string, config: object) => {
    layers.push({
      class_name,
      name: layer,
      config: { name: layer, ...config },
      inbound_nodes: [[[before, 0, 0, {}]]],
    });
    before = layer;
  };
  for (const layer of chain) {
    if ("conv" in layer) {
      const { conv, filters, activation = "relu", bias } = layer;
      add(`${conv}/kernel`, [3, 3, channels, filters], wave);
      add(`${conv}/bias`, [filters], bias === undefined ? wave : () => bias);
      push("Conv2D", conv, {
        filters,
        kernel_size: [3, 3],
        strides: [1, 1],
        padding: "same",
        data_format: "channels_last",
        dilation_rate: [1, 1],
        activation,
        use_bias: true,
      });
      channels = filters;
    } else if ("pool" in layer) {
      const by = [layer.by, layer.by];
      push("MaxPooling2D", layer.pool, {
        pool_size: by,
        strides: by,
        padding: "valid",
        data_format: "channels_last",
      });
    } else if ("value" in layer) {
      const main = before;
      add(`${layer.value}/kernel`, [channels, 1], wave);
      add(`${layer.value}/bias`, [1], wave);
      push("Dense", layer.value, { units: 1, activation: "linear", use_bias: true });
      beside.push(layer.value);
      before = main;
    } else if ("mean" in layer) {
      push("GlobalAveragePooling2D", layer.mean, { data_format: "channels_last" });
    } else {
      const { dense, units, activation = "softmax" } = layer;
      add(`${dense}/kernel`, [channels, units], wave);
      add(`${dense}/bias`, [units], wave);
      push("Dense", dense, { units, activation, use_bias: true });
      channels = units;
    }
  }
  const manifest = {
    format: "layers-model",
    modelTopology: {
      model_config: {
        class_name: "Functional",
        config: {
          name,
          layers,
          input_layers: [["eye", 0, 0]],
          output_layers: [...beside, before].map((output) => [output, 0, 0]),
        },
      },
    },
    weightsManifest: [{ paths: [`${name}.bin`], weights }],
  };
  return { manifest: JSON.stringify(manifest), weights: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A network small enough to be written by hand. */
export function tinyModel(name = "tiny"): DroppedModel {
  return chainOf(name, 8, [{ conv: "look", filters: 4 }, { mean: "mean" }, { dense: "say", units: 3 }]);
}

/** A network small enough to be written by hand, as the two files that a person would drop. */
export function tinyModel(): { manifest: string; weights: Uint8Array } {
  const shapes = {
    "look/kernel": [3, 3, 3, 4],
    "look/bias": [4],
    "say/kernel": [4, 3],
    "say/bias": [3],
  };
  const sizes = Object.values(shapes).map((shape) => shape.reduce((size, axis) => size * axis, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const values = Float32Array.from({ length: total }, (_, index) => Math.sin(1 + index * 1.7) * 0.5);
  const layer = (class_name: string, name: string, config: object, from?: string) => ({
    class_name,
    name,
    config: { name, ...config },
    inbound_nodes: from ? [[[from, 0, 0, {}]]] : [],
  });
  const manifest = {
    format: "layers-model",
    modelTopology: {
      model_config: {
        class_name: "Functional",
        config: {
          name: "tiny",
          layers: [
            layer("InputLayer", "eye", { batch_input_shape: [null, 8, 8, 3], dtype: "float32" }),
            layer(
              "Conv2D",
              "look",
              {
                filters: 4,
                kernel_size: [3, 3],
                strides: [1, 1],
                padding: "same",
                data_format: "channels_last",
                dilation_rate: [1, 1],
                activation: "relu",
                use_bias: true,
              },
              "eye",
            ),
            layer("GlobalAveragePooling2D", "mean", { data_format: "channels_last" }, "look"),
            layer("Dense", "say", { units: 3, activation: "softmax", use_bias: true }, "mean"),
          ],
          input_layers: [["eye", 0, 0]],
          output_layers: [["say", 0, 0]],
        },
      },
    },
    weightsManifest: [
      {
        paths: ["tiny.bin"],
        weights: Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype: "float32" })),
      },
    ],
  };
  return { manifest: JSON.stringify(manifest), weights: new Uint8Array(values.buffer) };
}

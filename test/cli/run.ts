import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";
import { testDevice } from "../gpu.ts";

/** Where the tests of this process write, all files of them: it goes when the process ends, and not before. */
export const folder = mkdtempSync(join(tmpdir(), "vitrine-cli-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, on the tests' device. */
export async function vitrine(args: readonly string[], device = testDevice): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    progress: () => {},
    device,
    signal: new AbortController().signal,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Runs a command line that must succeed and print JSON. */
export async function json<T>(args: readonly string[]): Promise<T> {
  const { code, out, err } = await vitrine([...args, "--json"]);
  if (code !== 0) throw new Error(`vitrine ${args.join(" ")}: exit code ${code}, ${err}`);
  return JSON.parse(out) as T;
}

const layer = (class_name: string, name: string, config: Record<string, unknown> = {}) => ({
  class_name,
  config: { name, ...config },
});

const WEIGHTS = [
  { name: "conv1/kernel", shape: [3, 3, 3, 4] },
  { name: "conv1/bias", shape: [4] },
  { name: "conv2/kernel", shape: [3, 3, 4, 5] },
  { name: "conv2/bias", shape: [5] },
  { name: "logits/kernel", shape: [5, 3] },
  { name: "logits/bias", shape: [3] },
];

/** Writes a network of 12×12×3 and 3 classes to disk: two convolutions with ReLU, pooling, a softmax. */
export async function writeTinyModel(name: string, activation = "relu"): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const convolution = { kernel_size: [3, 3], strides: [1, 1], padding: "same", activation };
  const layers = [
    layer("Conv2D", "conv1", { ...convolution, filters: 4, batch_input_shape: [null, 12, 12, 3] }),
    layer("MaxPooling2D", "pool1", { pool_size: [2, 2], strides: [2, 2], padding: "valid" }),
    layer("Conv2D", "conv2", { ...convolution, filters: 5 }),
    layer("GlobalAveragePooling2D", "gap"),
    layer("Dense", "logits", { units: 3, activation: "softmax" }),
  ];
  const size = WEIGHTS.reduce(
    (sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1),
    0,
  );
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(7 * i + 1) / 2);
  await writeFile(join(path, "weights.bin"), values);
  const manifest = {
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Sequential", config: { name: "tiny", layers } } },
    weightsManifest: [
      { paths: ["weights.bin"], weights: WEIGHTS.map((weight) => ({ ...weight, dtype: "float32" })) },
    ],
  };
  await writeFile(join(path, "model.json"), JSON.stringify(manifest));
  return path;
}

/** Writes a network to disk that halves its input, and scores three classes at every pixel. */
export async function writePlacesModel(
  name: string,
  [height, width]: readonly [number, number],
  labels?: readonly string[],
): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const same = { padding: "same", use_bias: false };
  const layers = [
    layer("Conv2D", "conv", {
      ...{ ...same, filters: 4, kernel_size: [3, 3], strides: [2, 2], activation: "relu" },
      batch_input_shape: [null, height, width, 3],
    }),
    layer("UpSampling2D", "up", { size: [2, 2], interpolation: "nearest" }),
    layer("Conv2D", "scores", { ...same, filters: 3, kernel_size: [1, 1], strides: [1, 1] }),
    layer("Softmax", "softmax", { axis: -1 }),
  ];
  const weights = [
    { name: "conv/kernel", shape: [3, 3, 3, 4], dtype: "float32" },
    { name: "scores/kernel", shape: [1, 1, 4, 3], dtype: "float32" },
  ];
  const values = Float32Array.from({ length: 120 }, (_, i) => Math.sin(7 * i + 1) / 2);
  await writeFile(join(path, "weights.bin"), values);
  const manifest = {
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Sequential", config: { name: "places", layers } } },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
    ...(labels ? { userDefinedMetadata: { labels } } : {}),
  };
  await writeFile(join(path, "model.json"), JSON.stringify(manifest));
  return path;
}

/** Writes a network from a picture to a picture, in red, green, blue turned around: a convolution of 1×1. */
export async function writeStyleModel(name: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const input = { name: "image", batch_input_shape: [null, 8, 8, 3], dtype: "float32" };
  const conv = {
    ...{ name: "turned", filters: 3, kernel_size: [1, 1], strides: [1, 1], padding: "same" },
    ...{ data_format: "channels_last", dilation_rate: [1, 1], activation: "linear", use_bias: false },
  };
  const layers = [
    { class_name: "InputLayer", config: input, name: "image", inbound_nodes: [] },
    { class_name: "Conv2D", config: conv, name: "turned", inbound_nodes: [[["image", 0, 0, {}]]] },
  ];
  const config = {
    name: "style",
    layers,
    input_layers: [["image", 0, 0]],
    output_layers: [["turned", 0, 0]],
  };
  const manifest = {
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Functional", config } },
    weightsManifest: [
      { paths: ["w.bin"], weights: [{ name: "turned/kernel", shape: [1, 1, 3, 3], dtype: "float32" }] },
    ],
  };
  await writeFile(join(path, "model.json"), JSON.stringify(manifest));
  await writeFile(join(path, "w.bin"), new Uint8Array(Float32Array.of(0, 0, 1, 0, 1, 0, 1, 0, 0).buffer));
}

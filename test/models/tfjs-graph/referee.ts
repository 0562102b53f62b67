import * as tf from "@tensorflow/tfjs";
import { readTensor } from "../../../src/gpu/tensor.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import type { ModelFiles } from "../../../src/models/files.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { testDevice } from "../../gpu.ts";

/** An array with its shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Numbers from −1 to 1, the same for the same seed. */
export function noise(length: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** What tfjs's CPU backend makes of values: the outputs by their names in the signature, or of those names. */
export async function tfjsOutputs(
  files: ModelFiles,
  inputs: Readonly<Record<string, Values>>,
  names: readonly string[],
): Promise<Values[]> {
  await tf.setBackend("cpu");
  const manifest = JSON.parse(new TextDecoder().decode(await files.read(files.manifest)));
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = manifest.weightsManifest;
  const shards = await Promise.all(groups.flatMap(({ paths }) => paths.map((path) => files.read(path))));
  const model = await tf.loadGraphModel({
    load: async () => ({
      modelTopology: manifest.modelTopology,
      format: "graph-model",
      signature: manifest.signature,
      userDefinedMetadata: manifest.userDefinedMetadata,
      weightSpecs: groups.flatMap(({ weights }) => weights),
      weightData: await new Blob(shards).arrayBuffer(),
    }),
  });
  const fed = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  const made = tf.tidy(() => model.execute(fed, [...names]));
  const outputs = Array.isArray(made) ? made : [made];
  const values = await Promise.all(
    outputs.map(async (output) => ({ shape: output.shape, data: await output.data<"float32">() })),
  );
  for (const tensor of [...outputs, ...Object.values(fed)]) tensor.dispose();
  model.dispose();
  return values;
}

/** What a network of ours makes of values. */
export async function ourOutputs(
  graph: Graph,
  inputs: Readonly<Record<string, Values>>,
  names: readonly string[],
): Promise<Values[]> {
  const device = await testDevice();
  const batch = Object.values(inputs)[0]?.shape[0] ?? 1;
  using network = await createNetwork(device, graph, { batch, gradients: false, keep: names });
  for (const [name, { data }] of Object.entries(inputs)) {
    device.queue.writeBuffer(network.activation(name).buffer, 0, Float32Array.from(data));
  }
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  return Promise.all(
    names.map(async (name) => {
      const y = network.activation(name);
      return { shape: y.shape, data: await readTensor(device, y) };
    }),
  );
}

/** The largest difference of two arrays, as a share of the largest value. */
export function differenceOf(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let [most, largest] = [0, 1e-12];
  for (const [i, value] of theirs.entries()) {
    most = Math.max(most, Math.abs((ours[i] ?? Number.NaN) - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return most / largest;
}

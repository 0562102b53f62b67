import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import type { Pixels } from "../../src/images/pixels.ts";
import { preprocess } from "../../src/images/preprocess.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readImage } from "../../src/node/image.ts";

// Real networks and what tfjs makes of real photographs lie beside the repository; none of it ships.
const SHARED = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** Whether the real networks and photographs are there. */
export const HAVE_SHARED = existsSync(`${SHARED}golden`);

/** Real networks that are LayersModels, and where their manifests lie. */
export const REAL_MODELS: Readonly<Record<string, string>> = {
  cifar10_resnet20: "cifar10_resnet20/model.json",
  darknettiny: "darknettiny/model.json",
  googlenet_bvlc_f16: "googlenet_bvlc_f16/model_layers_customLRN.json",
  "mobilenet_v1_0.25_224": "mobilenet_v1_0.25_224/model.json",
  squeezenet_v1_1: "squeezenet_v1_1/model.json",
  tinyvgg: "tinyvgg/model.json",
};

/** Those that tell ImageNet's classes. */
export const IMAGENET_MODELS = [
  "darknettiny",
  "googlenet_bvlc_f16",
  "mobilenet_v1_0.25_224",
  "squeezenet_v1_1",
] as const;

export const realModel = (name: string) => modelFromDisk(`${SHARED}models/${REAL_MODELS[name]}`);

/** A real network on a device. */
export async function realNetwork(device: GPUDevice, name: string, batch = 1): Promise<Network> {
  return createNetwork(device, await loadLayersModel(await realModel(name)), {
    batch,
    keep: [],
    gradients: false,
  });
}

const json = (path: string) => JSON.parse(readFileSync(`${SHARED}${path}`, "utf8"));

/** What tfjs says of one photograph: its file, its true class, the five strongest classes with their values. */
export interface Golden {
  readonly file: string;
  readonly target: number;
  readonly top5: readonly (readonly [number, number])[];
}

export function goldenOf(name: string): readonly Golden[] {
  return json(`golden/${name}.json`).results;
}

/** The network's outputs for up to its batch of images. */
export async function outputs(network: Network, images: readonly Pixels[]): Promise<Float32Array[]> {
  const { device, graph, input } = network;
  const size = sizeOf(input.shape) / network.batch;
  for (const [i, image] of images.entries()) {
    device.queue.writeBuffer(input.buffer, i * size * 4, preprocess(image, graph));
  }
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  const y = await readTensor(device, network.activation(graph.output));
  const classes = y.length / network.batch;
  return images.map((_, i) => y.slice(i * classes, (i + 1) * classes));
}

/** Values that differ by less are the same. */
const TOLERANCE = 1e-3;

/** How a network's values for a photograph differ from golden ones: in a value, in the order, or by a class that came up. */
export function differences(y: Float32Array, { file, top5 }: Golden): string[] {
  const found: string[] = [];
  for (const [index, [category, expected]] of top5.entries()) {
    const got = y[category] ?? Number.NaN;
    // Logits are larger than probabilities, and so is their rounding.
    if (!(Math.abs(got - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
      found.push(`${file}: class ${category}: expected ${expected}, got ${got}`);
    }
    for (const [other, value] of top5.slice(index + 1)) {
      if (expected - value > TOLERANCE && !(got > (y[other] ?? 0))) {
        found.push(`${file}: expected class ${category} before ${other}`);
      }
    }
  }
  const last = top5.at(-1)?.[1] ?? 0;
  const expected = new Set(top5.map(([category]) => category));
  for (const [category, value] of y.entries()) {
    if (!expected.has(category) && value > last + TOLERANCE) {
      found.push(`${file}: class ${category} with ${value} is not among the five strongest`);
    }
  }
  return found;
}

export const readPhotograph = ({ file }: Golden) => readImage(`${SHARED}images/imagenet200/${file}`);

/** CIFAR-10 test images, what they show, and what tfjs's ResNet-20 says of them: class and probability. */
export async function readCifar(): Promise<{
  images: Pixels[];
  labels: number[];
  golden: [number, number][];
}> {
  const { width, height, data } = await readImage(`${SHARED}images/cifar10/test-1000.png`);
  const images = Array.from({ length: height }, (_, row) => ({
    width: 32,
    height: 32,
    data: data.subarray(row * width * 3, (row + 1) * width * 3),
  }));
  return {
    images,
    labels: json("images/cifar10/labels.json")["test-1000"],
    golden: json("golden/cifar10_resnet20.json").pred,
  };
}

/** How a network's probabilities for a CIFAR image differ from the golden prediction. */
export function differencesFrom(
  y: Float32Array,
  [category, expected]: readonly [number, number],
  row: number,
): string[] {
  const best = y.indexOf(Math.max(...y));
  const got = y[category] ?? Number.NaN;
  if (best === category && Math.abs(got - expected) <= TOLERANCE) return [];
  return [`row ${row}: expected class ${category} with ${expected}, got ${best} with ${y[best]}`];
}

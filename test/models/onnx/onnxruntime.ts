import { readFileSync } from "node:fs";
import type * as Ort from "onnxruntime-web/wasm";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { inputOf } from "../../../src/graph/graph.ts";
import type { InputShape } from "../../../src/models/input-shape.ts";
import { loadOnnxModel } from "../../../src/models/load-onnx-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { modelFromDisk } from "../../../src/node/files.ts";

/** Values between −1 and 1 that look like noise, the same each time. */
export function noise(size: number): Float32Array {
  const values = new Float32Array(size);
  let state = 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

/** [N, H, W, C] as [N, C, H, W]. */
export function channelsFirst(
  values: Float32Array,
  [n, h, w, c]: readonly [number, number, number, number],
): Float32Array {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < n; i++) {
    for (let pixel = 0; pixel < h * w; pixel++) {
      for (let channel = 0; channel < c; channel++) {
        turned[(i * c + channel) * h * w + pixel] = values[(i * h * w + pixel) * c + channel] ?? 0;
      }
    }
  }
  return turned;
}

/** The largest difference, as a share of the largest of the right values. */
export function difference(found: Float32Array, right: Float32Array): number {
  if (found.length !== right.length) return Number.POSITIVE_INFINITY;
  let [most, scale] = [0, 0];
  for (const [i, value] of right.entries()) {
    most = Math.max(most, Math.abs((found[i] ?? Number.NaN) - value));
    scale = Math.max(scale, Math.abs(value));
  }
  return most / scale;
}

/** How far the first output of an ONNX file is from what ONNX Runtime makes of the same noise. */
export async function differenceFromOnnxRuntime(
  device: GPUDevice,
  path: string,
  options: { readonly inputShape?: InputShape; readonly scale?: number } = {},
): Promise<number> {
  const ort: typeof Ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = 1;
  const { scale = 1, ...load } = options;
  const graph = await loadOnnxModel(await modelFromDisk(path), load);
  const [h = 1, w = 1, c = 1] = inputOf(graph).shape;
  const x = noise(h * w * c).map((value) => value * scale);
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(path)));
  const [input = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  const { [output]: right } = await session.run({
    [input]: new ort.Tensor("float32", channelsFirst(x, [1, h, w, c]), [1, c, h, w]),
  });
  await session.release();
  const network = await createNetwork(device, graph, { keep: [], gradients: false });
  try {
    device.queue.writeBuffer(network.input.buffer, 0, x);
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    device.queue.submit([encoder.finish()]);
    const y = network.activation(graph.output);
    const found = await readTensor(device, y);
    const [n = 1, height = 1, width = 1, channels = 1] = y.shape;
    const turned = y.shape.length === 4 ? channelsFirst(found, [n, height, width, channels]) : found;
    return difference(turned, right?.data as Float32Array);
  } finally {
    network.destroy();
  }
}

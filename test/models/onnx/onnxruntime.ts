import { fileURLToPath } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProtoSchema } from "onnx-buf";
import type * as Ort from "onnxruntime-web/wasm";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { inputOf } from "../../../src/graph/graph.ts";
import type { InputShape } from "../../../src/models/input-shape.ts";
import { loadOnnxModel } from "../../../src/models/load-onnx-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { onnxFiles } from "./written.ts";

/** ONNX files and golden values, where they lie beside the repository. */
export const SHARED_ONNX = fileURLToPath(new URL("../../../../shared/onnx/", import.meta.url));

/** Values between −1 and 1 that look like noise, the same each time. */
export function noise(size: number, seed = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    // A hash of the place: numbers far apart have nothing to do with each other.
    let bits = Math.imul(i ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    values[i] = ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 31 - 1;
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

/**
 * An ONNX file whose weights, made by ConstantOfShape, are noise instead: scaled so that no layer dies or explodes, and
 * positive where they were.
 */
export function withNoise(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  if (!graph) throw new Error("expected a graph");
  const shapes = new Map(
    graph.initializer
      .filter(({ dataType }) => dataType === 7)
      .map(({ name, rawData, int64Data }) => {
        const raw = [...new BigInt64Array(rawData.slice().buffer)];
        return [name, int64Data.length > 0 ? int64Data : raw] as const;
      }),
  );
  const kept: typeof graph.node = [];
  for (const node of graph.node) {
    const dims = node.opType === "ConstantOfShape" ? shapes.get(node.input[0] ?? "") : undefined;
    if (!dims) {
      kept.push(node);
      continue;
    }
    const sizes = dims.map(Number);
    const size = sizes.reduce((a, b) => a * b, 1);
    const value = node.attribute[0]?.t;
    const positive =
      (value?.floatData[0] ?? new Float32Array(value?.rawData.slice().buffer ?? new ArrayBuffer(4))[0] ?? 0) >
      0;
    const inputs = size / (sizes[0] ?? 1);
    const [middle, spread] = sizes.length > 1 ? [0, Math.sqrt(6 / inputs)] : positive ? [1, 0.3] : [0, 0.1];
    const data = noise(size, graph.initializer.length + 2).map((v) => middle + v * spread);
    graph.initializer.push(
      create(TensorProtoSchema, {
        name: node.output[0] ?? "",
        dims: [...dims],
        dataType: 1,
        rawData: new Uint8Array(data.buffer),
      }),
    );
  }
  graph.node = kept;
  return Uint8Array.from(toBinary(ModelProtoSchema, model));
}

/** An ONNX file that ends before the softmax or sigmoid of its first output, which hides differences. */
export function withLogits(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const model = fromBinary(ModelProtoSchema, bytes);
  const [output] = model.graph?.output ?? [];
  const last = model.graph?.node.find((node) => node.output.includes(output?.name ?? ""));
  if (output && last && ["Softmax", "Sigmoid"].includes(last.opType)) output.name = last.input[0] ?? "";
  return Uint8Array.from(toBinary(ModelProtoSchema, model));
}

/** How far the first output of an ONNX file is from what ONNX Runtime makes of the same noise. */
export async function differenceFromOnnxRuntime(
  device: GPUDevice,
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly inputShape?: InputShape; readonly scale?: number } = {},
): Promise<number> {
  const ort: typeof Ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const { scale = 1, ...load } = options;
  // Values as they stand: else what is taken for a network of Caffe's has its first weights turned to take RGB.
  const graph = await loadOnnxModel(onnxFiles(bytes), { preprocessing: "none", ...load });
  const [h = 1, w = 1, c = 1] = inputOf(graph).shape;
  const x = noise(h * w * c).map((value) => value * scale);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
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

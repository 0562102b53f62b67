import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
} from "onnx-buf";
import type { ModelFiles } from "../../../src/models/files.ts";
import { memoryFiles } from "../fixtures.ts";

export type ModelInit = MessageInitShape<typeof ModelProtoSchema>;
export type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
export type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;

/** A graph as a file of ONNX, written by the format's own definitions: version 8 and opset 13 unless `model` says otherwise. */
export function onnxBytes(graph: GraphInit, model: ModelInit = {}): Uint8Array<ArrayBuffer> {
  const whole = { irVersion: 8n, opsetImport: [{ domain: "", version: 13n }], graph, ...model };
  return Uint8Array.from(toBinary(ModelProtoSchema, create(ModelProtoSchema, whole as ModelInit)));
}

/** A file of ONNX in memory, with files beside it. */
export function onnxFiles(
  bytes: Uint8Array<ArrayBuffer>,
  beside: Readonly<Record<string, ArrayBuffer>> = {},
): ModelFiles {
  return { ...memoryFiles({ "model.onnx": bytes.slice().buffer, ...beside }), manifest: "model.onnx" };
}

/** A tensor of floats. */
export function floats(name: string, dims: readonly number[], values: Iterable<number>): TensorInit {
  const rawData = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims: dims.map(BigInt), dataType: Type.FLOAT, rawData };
}

/** An input or output of a graph: a tensor of floats, with a number or a name for each axis. */
export function valueInfo(name: string, dims: readonly (number | string)[], elemType: number = Type.FLOAT) {
  const dim = dims.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { case: "tensorType" as const, value: { elemType, shape: { dim } } } } };
}

type Settings = Readonly<Record<string, number | readonly number[] | string>>;

/** A node of a graph. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  settings: Settings = {},
  name = "",
) {
  const attribute = Object.entries(settings).map(([key, value]): AttributeInit => {
    if (typeof value === "string") return { name: key, type: 3, s: new TextEncoder().encode(value) };
    if (typeof value === "object") return { name: key, type: 7, ints: value.map(BigInt) };
    return Number.isInteger(value)
      ? { name: key, type: 2, i: BigInt(value) }
      : { name: key, type: 1, f: value };
  });
  return { opType, input: [...input], output: [...output], attribute, name };
}

/** A list of 64-bit integers. */
export function whole(name: string, values: readonly (number | bigint)[]): TensorInit {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, dims: [BigInt(values.length)], dataType: Type.INT64, rawData };
}

import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { type ModelFiles, someOf } from "../files.ts";
import type { ShardOptions } from "../shards.ts";
import { ExternalData } from "./external-data.ts";
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "./model.ts";
import {
  ATTRIBUTE_TYPES,
  type AttributeMessage,
  MODEL,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from "./schema.ts";
import { dtypeOf, tensorOf } from "./tensor.ts";
import { readMessage } from "./wire.ts";

/** Bytes of a model's own file, at most: what the format allows. */
const MOST_BYTES = 2 ** 31;

/** Oldest version of the format that is read: that of ONNX 1.0. */
const OLDEST = 3;

/**
 * Reads an ONNX file, and the files beside it that hold its tensors' elements. Tensors are decoded where they are read.
 * @throws ModelError for a file that is no ONNX model, damaged or truncated, or lacks a file beside it.
 * @throws UnsupportedError for versions before 3, sparse initializers and functions of the file's own.
 */
export async function readOnnx(files: ModelFiles, options: ShardOptions = {}): Promise<OnnxModel> {
  const { signal } = options;
  const bytes = new Uint8Array(await files.read(files.manifest, { signal, most: MOST_BYTES }));
  const external = new ExternalData();
  const model = decodeOnnx(bytes, external, `model "${files.name}"`);
  await external.read(files, options);
  signal?.throwIfAborted();
  options.onProgress?.(1);
  return model;
}

function decodeOnnx(bytes: Uint8Array, external: ExternalData, who: string): OnnxModel {
  const message = readMessage(bytes, MODEL, who);
  const { irVersion, graph, producerName = "", producerVersion = "" } = message;
  const lacks = !irVersion ? "a version of the format" : !graph ? "a graph" : "versions of its operators";
  if (!irVersion || !graph || message.opsetImports.length === 0) {
    throw new ModelError(
      `${who}: expected an ONNX model, got a file without ${lacks}; it is truncated or damaged`,
    );
  }
  if (irVersion < OLDEST) {
    throw new UnsupportedError(
      `${who}: expected version ${OLDEST} of the format or later, got ${irVersion}; convert it with onnx.version_converter in Python`,
    );
  }
  if (graph.sparseInitializers.length > 0) {
    const names = graph.sparseInitializers.map(({ values }) => `"${values?.name ?? ""}"`);
    throw new UnsupportedError(
      `${who}: expected dense initializers, got sparse ones, which are not supported: ${someOf(names, "")}`,
    );
  }
  const tensor = (of: TensorMessage, name: string) => tensorOf(of, external, `${who}: tensor "${name}"`);
  const initializers = new Map<string, OnnxTensor>();
  for (const initializer of graph.initializers) {
    const { name = "" } = initializer;
    if (initializers.has(name)) {
      throw new ModelError(`${who}: expected initializers of different names, got "${name}" twice`);
    }
    initializers.set(name, tensor(initializer, name));
  }
  const nodes = graph.nodes.map((node) => nodeOf(node, tensor));
  assertNoFunctions(message, nodes, who);
  return {
    name: graph.name ?? "",
    irVersion,
    producer: [producerName, producerVersion].filter((text) => text !== "").join(" "),
    opsets: new Map(message.opsetImports.map(({ domain, version = 0 }) => [domainOf(domain), version])),
    nodes,
    initializers,
    inputs: graph.inputs.map(valueInfoOf),
    outputs: graph.outputs.map(valueInfoOf),
    metadata: new Map(message.metadata.map(({ key = "", value = "" }) => [key, value])),
  };
}

const domainOf = (domain = "") => (domain === "ai.onnx" ? "" : domain);

/** @throws UnsupportedError naming a node that calls a function which the file defines. */
function assertNoFunctions({ functions }: ModelMessage, nodes: readonly OnnxNode[], who: string): void {
  const full = (domain: string, name: string) => `${domain}.${name}`;
  const own = new Set(functions.map(({ domain, name = "" }) => full(domainOf(domain), name)));
  const caller = nodes.find(({ domain, opType }) => own.has(full(domain, opType)));
  if (!caller) return;
  throw new UnsupportedError(
    `${who}: node "${caller.name || (caller.outputs[0] ?? "")}" calls the file's own function ${full(caller.domain, caller.opType)}, which is not supported; replace functions by what they hold with onnx.inliner.inline_local_functions in Python`,
  );
}

type TensorReader = (message: TensorMessage, name: string) => OnnxTensor;

function nodeOf(message: NodeMessage, tensor: TensorReader): OnnxNode {
  const { name = "", opType = "", domain, inputs, outputs } = message;
  const who = name || (outputs[0] ?? opType);
  return {
    name,
    opType,
    domain: domainOf(domain),
    inputs,
    outputs,
    attributes: new Map(
      message.attributes.map((attribute) => [
        attribute.name ?? "",
        attributeOf(attribute, (of) => tensor(of, of.name || `${who}: ${attribute.name ?? ""}`)),
      ]),
    ),
  };
}

/** A setting, by the type that it says it has, or in old files by the field that is there. Fields of value 0 may be left out. */
function attributeOf(
  message: AttributeMessage,
  tensorOf: (message: TensorMessage) => OnnxTensor,
): OnnxAttribute {
  const { float, int, string, tensor, floats, ints, strings } = message;
  const type = message.type ? (ATTRIBUTE_TYPES[message.type] ?? `type ${message.type}`) : typeOf(message);
  switch (type) {
    case "float":
      return { type, value: float ?? 0 };
    case "int":
      return { type, value: int ?? 0 };
    case "string":
      return { type, value: string ?? "" };
    case "floats":
      return { type, value: floats };
    case "ints":
      return { type, value: ints };
    case "strings":
      return { type, value: strings };
    case "tensor":
      return tensor ? { type, value: tensorOf(tensor) } : { type: "other", value: "no tensor" };
    default:
      return { type: "other", value: type };
  }
}

function typeOf({ float, int, string, tensor, graph, floats, ints, strings }: AttributeMessage): string {
  if (float !== undefined) return "float";
  if (int !== undefined) return "int";
  if (string !== undefined) return "string";
  if (tensor) return "tensor";
  if (graph) return "graph";
  if (floats.length > 0) return "floats";
  if (strings.length > 0) return "strings";
  return ints.length > 0 ? "ints" : "undefined";
}

function valueInfoOf({ name = "", type }: ValueInfoMessage): OnnxValueInfo {
  const { elementType, shape } = type?.tensor ?? {};
  return {
    name,
    dtype: dtypeOf(elementType),
    dims: shape?.dims.map(({ size, parameter }) => size ?? (parameter || null)),
  };
}

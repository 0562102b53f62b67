import { WireType } from "@bufbuild/protobuf/wire";
import { BYTES, FLOAT, INT, many, message, numbers, one, TEXT } from "./wire.ts";

// The fields of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 that are read. Graphs and types within settings of
// nodes stay bytes, so that no message holds one of its own kind.

const ENTRY = message("a pair of texts", { key: one(1, TEXT), value: one(2, TEXT) });

export const TENSOR = message("a tensor", {
  dims: many(1, INT),
  dataType: one(2, INT),
  floatData: numbers(4, WireType.Bit32),
  int32Data: numbers(5, WireType.Varint),
  int64Data: numbers(7, WireType.Varint),
  name: one(8, TEXT),
  rawData: one(9, BYTES),
  doubleData: numbers(10, WireType.Bit64),
  uint64Data: numbers(11, WireType.Varint),
  externalData: many(13, ENTRY),
  dataLocation: one(14, INT),
});

const SPARSE_TENSOR = message("a sparse tensor", {
  values: one(1, message("a sparse tensor's values", { name: one(8, TEXT) })),
});

const ATTRIBUTE = message("an attribute", {
  name: one(1, TEXT),
  float: one(2, FLOAT),
  int: one(3, INT),
  string: one(4, TEXT),
  tensor: one(5, TENSOR),
  graph: one(6, BYTES),
  floats: many(7, FLOAT),
  ints: many(8, INT),
  strings: many(9, TEXT),
  type: one(20, INT),
});

const NODE = message("a node", {
  inputs: many(1, TEXT),
  outputs: many(2, TEXT),
  name: one(3, TEXT),
  opType: one(4, TEXT),
  attributes: many(5, ATTRIBUTE),
  domain: one(7, TEXT),
});

const DIMENSION = message("a dimension", { size: one(1, INT), parameter: one(2, TEXT) });

const TENSOR_TYPE = message("a tensor's type", {
  elementType: one(1, INT),
  shape: one(2, message("a shape", { dims: many(1, DIMENSION) })),
});

const VALUE_INFO = message("an input or output", {
  name: one(1, TEXT),
  type: one(2, message("a type", { tensor: one(1, TENSOR_TYPE) })),
});

const GRAPH = message("the graph", {
  nodes: many(1, NODE),
  name: one(2, TEXT),
  initializers: many(5, TENSOR),
  inputs: many(11, VALUE_INFO),
  outputs: many(12, VALUE_INFO),
  sparseInitializers: many(15, SPARSE_TENSOR),
});

const OPSET = message("an opset", { domain: one(1, TEXT), version: one(2, INT) });

const FUNCTION = message("a function", { name: one(1, TEXT), domain: one(10, TEXT) });

/** A file. */
export const MODEL = message("the model", {
  irVersion: one(1, INT),
  producerName: one(2, TEXT),
  producerVersion: one(3, TEXT),
  graph: one(7, GRAPH),
  opsetImports: many(8, OPSET),
  metadata: many(14, ENTRY),
  functions: many(25, FUNCTION),
});

type MessageOf<K> = K extends { decode(...given: never[]): infer T } ? T : never;

export type TensorMessage = MessageOf<typeof TENSOR>;
export type AttributeMessage = MessageOf<typeof ATTRIBUTE>;
export type NodeMessage = MessageOf<typeof NODE>;
export type ValueInfoMessage = MessageOf<typeof VALUE_INFO>;
export type ModelMessage = MessageOf<typeof MODEL>;

/** Types of a tensor's elements, by number. */
export const ELEMENT_TYPES = [
  "undefined",
  "float",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "double",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
] as const;

/** Types of attributes, by number. */
export const ATTRIBUTE_TYPES = [
  "undefined",
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
  "strings",
  "tensors",
  "graphs",
  "sparse tensor",
  "sparse tensors",
  "type",
  "types",
] as const;

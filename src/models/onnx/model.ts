/** Types of an ONNX tensor's elements, by the names that its documents have. */
export type OnnxDType =
  | "float"
  | "double"
  | "float16"
  | "bfloat16"
  | "int4"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint4"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string"
  | "other";

/**
 * Elements of a tensor: float, float16 and bfloat16 as 32-bit floats; 4-bit integers as bytes, one each; truths as 0 and 1.
 */
export type OnnxValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A constant array of a file. Its elements are decoded when they are read, and each time anew. */
export interface OnnxTensor {
  readonly name: string;
  readonly dtype: OnnxDType;
  /** Sizes of its axes, outermost first; none of a single number. Their product is at most 2³² and matches the data. */
  readonly dims: readonly number[];
  /**
   * The elements, row by row; the data of other files are in memory by then.
   * @throws ModelError naming the tensor when the file has fewer or more of them than `dims` say.
   * @throws UnsupportedError naming the tensor when they are text or of a type that is not known.
   */
  read(): OnnxValues;
}

/** A setting of a node. Integers beyond 2⁵³ are the nearest numbers: they stand for "to the end". */
export type OnnxAttribute =
  | { readonly type: "float" | "int"; readonly value: number }
  | { readonly type: "floats" | "ints"; readonly value: readonly number[] }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensor"; readonly value: OnnxTensor }
  /** Graphs of control flow, sparse tensors, types: `value` says which, for messages. */
  | { readonly type: "other"; readonly value: string };

/** One operation of a graph. */
export interface OnnxNode {
  /** May be empty. */
  readonly name: string;
  readonly opType: string;
  /** "" of ONNX's own operators ("ai.onnx" in a file, too). */
  readonly domain: string;
  /** Names of values; empty for an optional one that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** An input or output of a graph. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxDType;
  /** Sizes; a name or null where one is left open. Undefined when the file does not say how many there are. */
  readonly dims: readonly (number | string | null)[] | undefined;
}

/** An ONNX file as plain data: only its first graph, and no functions of its own. */
export interface OnnxModel {
  /** The graph's name; may be empty. */
  readonly name: string;
  readonly irVersion: number;
  /** Program that wrote it ("pytorch 2.1"); may be empty. */
  readonly producer: string;
  /** Versions of the operators, by domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  /** In the file's order, in which each should follow what it reads. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** As the file lists them: old ones repeat the initializers. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** What the file says beside its graph, as pairs of text. */
  readonly metadata: ReadonlyMap<string, string>;
}

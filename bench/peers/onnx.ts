import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Shape } from "../shape.ts";

/** An attribute of a node: a whole number, several of them, or text. */
export type Attribute = number | readonly number[] | string;

const IR_VERSION = 8n;
const OPSET = 17n;

/** Writes an ONNX model in code, node after node; every value is a tensor of f32 unless said otherwise. */
export class OnnxModel {
  readonly #graph = create(GraphProtoSchema, { name: "graph" });
  #names = 0;

  /** Names an input of the model. */
  input(name: string, shape: Shape): string {
    this.#graph.input.push(valueInfo(name, shape));
    return name;
  }

  /** Names a value as an output of the model. */
  output(name: string, shape: Shape): void {
    this.#graph.output.push(valueInfo(name, shape));
  }

  /** A constant of f32, or of int64 from whole numbers. */
  constant(shape: Shape, data: Float32Array | readonly number[]): string {
    const name = this.#fresh("c");
    const values = data instanceof Float32Array ? data : BigInt64Array.from(data, BigInt);
    this.#graph.initializer.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType: data instanceof Float32Array ? DataType.FLOAT : DataType.INT64,
        // Weights never lie in memory that threads share.
        rawData: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
      }),
    );
    return name;
  }

  /** Adds a node of one output and names that. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name = this.#fresh("v"),
  ): string {
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.#graph.node.push(
      create(NodeProtoSchema, { opType: op, input: [...inputs], output: [name], attribute }),
    );
    return name;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: IR_VERSION,
        opsetImport: [{ domain: "", version: OPSET }],
        graph: this.#graph,
      }),
    );
  }

  #fresh(prefix: string): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((axis) => ({ value: { case: "dimValue" as const, value: BigInt(axis) } }));
  const value = { elemType: DataType.FLOAT, shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value } } });
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === "string") {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

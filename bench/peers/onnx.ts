import type { Shape } from "../shape.ts";
import { Message } from "./protobuf.ts";

/** An attribute of a node: a whole number, several of them, or text. */
export type Attribute = number | readonly number[] | string;

// Field numbers and codes of onnx.proto, IR version 8.
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_TYPES = { int: 2, string: 3, ints: 7 };
const IR_VERSION = 8;
const OPSET = 17;

/** Writes an ONNX model in code, node after node; every value is a tensor of f32 unless said otherwise. */
export class OnnxModel {
  readonly #graph = new Message().string(2, "graph");
  #names = 0;

  /** Names an input of the model. */
  input(name: string, shape: Shape): string {
    this.#graph.message(11, valueInfo(name, shape));
    return name;
  }

  /** Names a value as an output of the model. */
  output(name: string, shape: Shape): void {
    this.#graph.message(12, valueInfo(name, shape));
  }

  /** A constant of f32, or of int64 from whole numbers. */
  constant(shape: Shape, data: Float32Array | readonly number[]): string {
    const name = this.#fresh("c");
    const tensor = new Message();
    for (const axis of shape) tensor.int(1, axis);
    tensor.int(2, data instanceof Float32Array ? FLOAT : INT64).string(8, name);
    const values = data instanceof Float32Array ? data : BigInt64Array.from(data, BigInt);
    this.#graph.message(
      5,
      tensor.bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
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
    const node = new Message();
    for (const input of inputs) node.string(1, input);
    node.string(2, name).string(4, op);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#graph.message(1, node);
    return name;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const opset = new Message().string(1, "").int(2, OPSET);
    return new Message().int(1, IR_VERSION).message(7, this.#graph).message(8, opset).encode();
  }

  #fresh(prefix: string): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }
}

function valueInfo(name: string, shape: Shape): Message {
  const dimensions = new Message();
  for (const axis of shape) dimensions.message(1, new Message().int(1, axis));
  const tensor = new Message().int(1, FLOAT).message(2, dimensions);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === "number") return message.int(3, value).int(20, ATTRIBUTE_TYPES.int);
  if (typeof value === "string") {
    return message.bytes(4, new TextEncoder().encode(value)).int(20, ATTRIBUTE_TYPES.string);
  }
  for (const one of value) message.int(8, one);
  return message.int(20, ATTRIBUTE_TYPES.ints);
}

import { type Given, Operands } from "../lowering/operands.ts";
import type { ConstantValue, LayerValue, MissingValue, Value } from "../lowering/value.ts";
import type { Attributes } from "./attributes.ts";

export type { Given };

/** One node with what it is given, for the operator that turns it into layers. */
export class Call extends Operands {
  readonly attributes: Attributes;
  /** Names of its outputs; empty for those that nobody wants. */
  readonly outputs: readonly string[];
  /** Version of ONNX's operators. */
  readonly opset: number;
  /** The size of the batch where the file fixes it. */
  readonly fixedBatch: number | undefined;

  constructor(call: Pick<Call, "lowering" | "attributes" | "inputs" | "outputs" | "opset" | "fixedBatch">) {
    super(call);
    this.attributes = call.attributes;
    this.outputs = call.outputs;
    this.opset = call.opset;
    this.fixedBatch = call.fixedBatch;
  }

  /** An optional input that is known in advance. */
  constantIf(index: number): ConstantValue | undefined {
    return this.inputs[index] ? this.constant(index) : undefined;
  }

  /** Integers of a setting, which is an attribute in old operators and an input in newer ones. */
  integers(name: string, index: number): readonly number[] | undefined {
    const own = this.attributes.numbers(name);
    if (own) return own;
    return this.inputs[index] && this.list(index);
  }

  /** Integers of a setting that must be there. @throws ModelError when it is not. */
  required(name: string, index: number): readonly number[] {
    const values = this.integers(name, index);
    if (values) return values;
    throw this.lowering.wrong(`expected ${name}, as an attribute or as input ${index + 1}, got neither`);
  }

  /** One number of an input that is known in advance. */
  number(index: number): number {
    const [value, ...others] = this.constant(index).read();
    if (value !== undefined && others.length === 0) return value;
    throw this.lowering.wrong(`expected one number as its input ${index + 1}`);
  }

  /** One number of an optional input. */
  numberIf(index: number): number | undefined {
    const values = this.constantIf(index)?.read();
    return values && values.length > 0 ? values[0] : undefined;
  }

  axes(axes: readonly number[], rank: number): number[] {
    const counted = axes.map((axis) => this.axis(axis, rank));
    if (new Set(counted).size < counted.length) {
      throw this.lowering.wrong(`expected axes that differ, got [${axes}]`);
    }
    return counted;
  }
}

/** Turns a node into layers, or computes it where all that it is given is known: one value for each output. */
export type Operator = (call: Call) => Value | readonly Value[];

/** What is not computed, where only outputs that are not asked want it. */
export function missing(error: Error, source?: LayerValue): MissingValue {
  return { kind: "missing", error, ...(source ? { source } : {}) };
}

import type { Lowering } from "../lowering/lowering.ts";
import { shapeOfValue } from "../lowering/movement.ts";
import type { ConstantValue, LayerValue, MissingValue, Value } from "../lowering/value.ts";
import type { Attributes } from "./attributes.ts";

/** What an operator is given: a layer's output or a constant, or nothing for an optional input. */
export type Given = LayerValue | ConstantValue | undefined;

/** One node with what it is given, for the operator that turns it into layers. */
export class Call {
  readonly lowering: Lowering;
  readonly attributes: Attributes;
  readonly inputs: readonly Given[];
  /** Names of its outputs; empty for those that nobody wants. */
  readonly outputs: readonly string[];
  /** Version of ONNX's operators. */
  readonly opset: number;
  /** The size of the batch where the file fixes it. */
  readonly fixedBatch: number | undefined;

  constructor(call: Pick<Call, "lowering" | "attributes" | "inputs" | "outputs" | "opset" | "fixedBatch">) {
    this.lowering = call.lowering;
    this.attributes = call.attributes;
    this.inputs = call.inputs;
    this.outputs = call.outputs;
    this.opset = call.opset;
    this.fixedBatch = call.fixedBatch;
  }

  /** An input that must be there. @throws ModelError when it is not. */
  given(index: number): LayerValue | ConstantValue {
    const value = this.inputs[index];
    if (!value) throw this.lowering.wrong(`expected an input ${index + 1}, got none`);
    return value;
  }

  /** An input that a layer gives. @throws UnsupportedError when it is a constant. */
  layer(index: number): LayerValue {
    const value = this.given(index);
    if (value.kind === "layer") return value;
    throw this.lowering.unsupported(`its input ${index + 1} is a constant, which is not supported`);
  }

  /** An input that is known in advance. @throws UnsupportedError when a layer gives it. */
  constant(index: number): ConstantValue {
    const value = this.given(index);
    if (value.kind === "constant") return value;
    throw this.lowering.unsupported(
      `its input ${index + 1} must be known in advance, but depends on the network's input`,
    );
  }

  /** An optional input that is known in advance. */
  constantIf(index: number): ConstantValue | undefined {
    return this.inputs[index] ? this.constant(index) : undefined;
  }

  /** Integers of a setting, which is an attribute in old operators and an input in newer ones. */
  integers(name: string, index: number): readonly number[] | undefined {
    const own = this.attributes.numbers(name);
    if (own) return own;
    const given = this.constantIf(index);
    return given && [...given.read()];
  }

  /** One number of an optional input. */
  numberIf(index: number): number | undefined {
    const values = this.constantIf(index)?.read();
    return values && values.length > 0 ? values[0] : undefined;
  }

  /** The axis that a number names, negative ones counted from the end. @throws ModelError when there is none such. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(counted) && counted >= 0 && counted < Math.max(1, rank)) return counted;
    throw this.lowering.wrong(`expected an axis of −${rank} to ${rank - 1}, got ${axis}`);
  }

  axes(axes: readonly number[], rank: number): number[] {
    const counted = axes.map((axis) => this.axis(axis, rank));
    if (new Set(counted).size < counted.length) {
      throw this.lowering.wrong(`expected axes that differ, got [${axes}]`);
    }
    return counted;
  }

  /** Rank of an input. */
  rank(index = 0): number {
    return shapeOfValue(this.given(index)).length;
  }
}

/** Turns a node into layers, or computes it where all that it is given is known: one value for each output. */
export type Operator = (call: Call) => Value | readonly Value[];

/** What is not computed, where only outputs that are not asked want it. */
export function missing(error: Error, source?: LayerValue): MissingValue {
  return { kind: "missing", error, ...(source ? { source } : {}) };
}

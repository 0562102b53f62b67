import { sizeOf } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import { reshapedConstant } from "../lowering/constants.ts";
import type { Lowering } from "../lowering/lowering.ts";
import { shapeOfValue } from "../lowering/movement.ts";
import { channelsFirst, channelsLast, type PictureAxes } from "../lowering/pictures.ts";
import { weightsOf } from "../lowering/products.ts";
import type { ConstantValue, LayerValue, Value } from "../lowering/value.ts";
import type { Attributes } from "./attributes.ts";

/** What a node is given: a layer's output, or a constant. */
export type Given = LayerValue | ConstantValue;

/** One node with what it is given, for the operator that turns it into layers. */
export class Call {
  readonly lowering: Lowering;
  /** Subject of messages: `model "model.json"`. */
  readonly model: string;
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly Given[];

  constructor(call: Pick<Call, "lowering" | "model" | "name" | "op" | "attributes" | "inputs">) {
    this.lowering = call.lowering;
    this.model = call.model;
    this.name = call.name;
    this.op = call.op;
    this.attributes = call.attributes;
    this.inputs = call.inputs;
  }

  /** Names the layers that follow: the node's own name, or one below it; and the node in messages. */
  begin(suffix = ""): void {
    const who = `${this.model}, ${this.op} "${this.name}"`;
    this.lowering.begin(suffix === "" ? this.name : `${this.name}/${suffix}`, who);
  }

  /** @throws ModelError where there is no such input. */
  given(index: number): Given {
    const value = this.inputs.at(index);
    if (!value) throw this.lowering.wrong(`expected an input ${index + 1}, got ${this.inputs.length} inputs`);
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

  /** Whole numbers that are known in advance. */
  integers(index: number): readonly number[] {
    return [...this.constant(index).read()];
  }

  /** One number that is known in advance. */
  number(index: number): number {
    const [value, ...others] = this.constant(index).read();
    if (value === undefined || others.length > 0) {
      throw this.lowering.wrong(`expected one number as its input ${index + 1}`);
    }
    return value;
  }

  /** Weights, whose shape has so many axes. */
  weights(index: number, rank: number): Constant {
    const given = this.constant(index);
    if (given.shape.length !== rank) {
      throw this.lowering.wrong(`expected weights of ${rank} axes, got ${this.lowering.show(given.shape)}`);
    }
    return weightsOf(this.lowering, given);
  }

  /** One number for each of `size` channels. */
  vector(index: number, size: number): Constant {
    const given = this.constant(index);
    if (sizeOf(given.shape) !== size) {
      throw this.lowering.wrong(`expected ${size} numbers, got ${this.lowering.show(given.shape)}`);
    }
    return weightsOf(this.lowering, reshapedConstant(given, [size]));
  }

  /** The axis that a number names, negative ones counted from the end. @throws ModelError when there is none such. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(counted) && counted >= 0 && counted < Math.max(1, rank)) return counted;
    throw this.lowering.wrong(`expected an axis of −${rank} to ${rank - 1}, got ${axis}`);
  }

  rank(index: number): number {
    return shapeOfValue(this.given(index)).length;
  }

  /** True if the channels stand before the pixels. */
  get channelsFirst(): boolean {
    const format = this.attributes.text("data_format", "NHWC");
    if (format === "NHWC" || format === "NWC") return false;
    if (format === "NCHW" || format === "NCW") return true;
    throw this.lowering.unsupported(`expected data_format NHWC or NCHW, got ${format}`);
  }

  /** Which axis is what, in an array of pictures. */
  pictureAxes(rank: number): PictureAxes {
    return this.channelsFirst ? channelsFirst(rank) : channelsLast(rank);
  }
}

/** Turns a node into layers, or computes it where all that it is given is known: one value for each output. */
export type Operator = (call: Call) => Value | readonly Value[];

import { sizeOf } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import { reshapedConstant } from "../lowering/constants.ts";
import { Operands } from "../lowering/operands.ts";
import { channelsFirst, channelsLast, type PictureAxes } from "../lowering/pictures.ts";
import { weightsOf } from "../lowering/products.ts";
import type { ConstantValue, LayerValue, Value } from "../lowering/value.ts";
import type { Attributes } from "./attributes.ts";

/** What a node is given: a layer's output, or a constant. */
export type Given = LayerValue | ConstantValue;

/** One node with what it is given, for the operator that turns it into layers. */
export class Call extends Operands<Given> {
  /** Subject of messages: `model "model.json"`. */
  readonly model: string;
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;

  constructor(call: Pick<Call, "lowering" | "model" | "name" | "op" | "attributes" | "inputs">) {
    super(call);
    this.model = call.model;
    this.name = call.name;
    this.op = call.op;
    this.attributes = call.attributes;
  }

  /** Names the layers that follow: the node's own name, or one below it; and the node in messages. */
  begin(suffix = ""): void {
    const who = `${this.model}, ${this.op} "${this.name}"`;
    this.lowering.begin(suffix === "" ? this.name : `${this.name}/${suffix}`, who);
  }

  /** Whole numbers that are known in advance. */
  integers(index: number): readonly number[] {
    return this.list(index);
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

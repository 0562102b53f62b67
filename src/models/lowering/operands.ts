import { sizeOf } from "../../gpu/tensor.ts";
import type { Lowering } from "./lowering.ts";
import { shapeOfValue } from "./movement.ts";
import type { ConstantValue, LayerValue } from "./value.ts";

/** Numbers of a list of axes or sizes, at most. */
const MOST_AXES = 1024;

/** What an operator is given: a layer's output or a constant, or nothing for an optional input. */
export type Given = LayerValue | ConstantValue | undefined;

/** The inputs of an operator, checked as they are read; errors name the operator that is being lowered. */
export class Operands<G extends Given = Given> {
  readonly lowering: Lowering;
  readonly inputs: readonly G[];

  constructor({ lowering, inputs }: Pick<Operands<G>, "lowering" | "inputs">) {
    this.lowering = lowering;
    this.inputs = inputs;
  }

  /** An input that must be there, a negative index counted from the end. @throws ModelError when it is not. */
  given(index: number): NonNullable<G> {
    const value = this.inputs.at(index);
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

  /**
   * Whole numbers of an input that is known in advance: sizes, axes, places.
   * @throws ModelError when there are more than `most`.
   */
  list(index: number, most = MOST_AXES): number[] {
    const given = this.constant(index);
    const count = sizeOf(given.shape);
    if (count <= most) return [...given.read()];
    throw this.lowering.wrong(`expected at most ${most} numbers as its input ${index + 1}, got ${count}`);
  }

  /** The axis that a number names, negative ones counted from the end. @throws ModelError when there is none such. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(counted) && counted >= 0 && counted < Math.max(1, rank)) return counted;
    throw this.lowering.wrong(`expected an axis of −${rank} to ${rank - 1}, got ${axis}`);
  }

  /** Rank of an input. */
  rank(index = 0): number {
    return shapeOfValue(this.given(index)).length;
  }
}

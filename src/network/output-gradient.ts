import type { Command } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { asNhwc, formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { EVERY_INDEX } from "../kernels/objective.ts";

/** Elements of a layer, whose sum a backward pass differentiates. An index that is left out means every one. */
export interface Target {
  readonly layer: string;
  readonly channel?: number | undefined;
  readonly y?: number | undefined;
  readonly x?: number | undefined;
  /** One image of the batch. Left out: every image, each by itself. */
  readonly image?: number | undefined;
}

/** A gradient to a layer's output that the caller computed, for a backward pass to start from. */
export interface OutputGradient {
  readonly layer: string;
  /** Tensor of the shape of the layer's activation. It may be `network.gradient(layer)` itself, already written. */
  readonly gradient: Tensor;
}

/**
 * Commands that compute the gradient of an objective to a layer's output: one writes it into `network.gradient(layer)`, the
 * other adds it to what is there. See `createObjective`.
 */
export interface OutputGradientCommand {
  readonly layer: string;
  readonly write: Command;
  readonly add: Command;
}

/** The output gradients that a backward pass starts from: of a target, given by the caller, or of an objective. */
export type OutputGradients = Target | OutputGradient | readonly OutputGradientCommand[];

const TARGET: Fields<Target> = { layer: "must", channel: "may", y: "may", x: "may", image: "may" };

/** @throws InputError when a target holds what none has: a misspelt index would mean every one. */
export function assertTarget(target: Target): void {
  assertFields("target", target, TARGET);
}

/** @throws InputError when a pass is to start from anything else. */
export function assertOutputGradients(from: OutputGradients): void {
  for (const one of isCommands(from) ? from : [from]) {
    if (typeof (one as Partial<Target> | null | undefined)?.layer === "string") continue;
    throw new InputError(
      `backward: expected a target { layer, channel?, y?, x? }, an output gradient { layer, gradient }, or an objective's output gradients, got ${describe(one)}; await createObjective(network, objective) has outputGradients`,
    );
  }
}

/** True if a pass starts from the gradients of an objective, which may be at several layers. */
export function isCommands(from: OutputGradients): from is readonly OutputGradientCommand[] {
  return Array.isArray(from);
}

/** Records the copy of a caller's gradient into that of its layer. @throws InputError when its shape is another. */
export function copyOutputGradient(
  encoder: GPUCommandEncoder,
  { layer, gradient }: OutputGradient,
  dy: Tensor,
): void {
  if (formatShape(gradient.shape) !== formatShape(dy.shape)) {
    throw new InputError(
      `backward from "${layer}": expected a gradient of shape ${formatShape(dy.shape)}, got ${formatShape(gradient.shape)}`,
    );
  }
  if (gradient.buffer !== dy.buffer)
    encoder.copyBufferToBuffer(gradient.buffer, 0, dy.buffer, 0, sizeOf(dy.shape) * 4);
}

/** A target's indices in the order of a packed term: (image, y, x, channel). @throws InputError when it lies outside the layer. */
export function targetIndices(target: Target, shape: Shape): number[] {
  assertTarget(target);
  const { layer, image, y, x, channel } = target;
  const [n, h, w, c] = asNhwc(shape);
  const index = (name: string, value: number | undefined, size: number): number => {
    if (value === undefined) return EVERY_INDEX;
    if (!Number.isInteger(value) || value < 0 || value >= size) {
      throw new InputError(`target in layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`);
    }
    return value;
  };
  return [index("image", image, n), index("y", y, h), index("x", x, w), index("channel", channel, c)];
}

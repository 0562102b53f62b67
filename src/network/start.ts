import { InputError } from "../gpu/errors.ts";
import type { Command } from "../gpu/kernel.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { asNhwc, formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { EVERY } from "./control.ts";

/** Where a backward pass starts: positions that are left out mean the sum over all of them. */
export interface Target {
  readonly layer: string;
  readonly channel?: number;
  readonly y?: number;
  readonly x?: number;
  /** Which image of the batch; left out: each one's own. */
  readonly image?: number;
}

/**
 * One of several layers at which a backward pass starts, with the commands that write its seed into
 * `network.gradient(layer)`, or add it to what is there. See `createObjective`.
 */
export interface Start {
  readonly layer: string;
  readonly write: Command;
  readonly add: Command;
}

/** A gradient with which the caller starts the backward pass himself. */
export interface Seed {
  readonly layer: string;
  /** Shape of the layer's activation. It may be `network.gradient(layer)` itself, already written. */
  readonly seed: Tensor;
}

const TARGET: Fields<Target> = { layer: "must", channel: "may", y: "may", x: "may", image: "may" };

/** @throws InputError when a target holds what none has: a misspelt index would mean every one. */
export function assertTarget(target: Target): void {
  assertFields("target", target, TARGET);
}

/** @throws InputError when a pass is to start at what is neither a target, nor a seed, nor starts of an objective. */
export function assertFrom(from: Target | Seed | readonly Start[]): void {
  for (const one of Array.isArray(from) ? from : [from]) {
    if (typeof (one as Partial<Target> | null | undefined)?.layer === "string") continue;
    throw new InputError(
      `backward: expected a target { layer, channel?, y?, x? }, a seed { layer, seed }, or an objective's starts, got ${describe(one)}; await createObjective(network, objective) has starts`,
    );
  }
}

/** Whether a pass starts at several layers. */
export function isStarts(from: Target | Seed | readonly Start[]): from is readonly Start[] {
  return Array.isArray(from);
}

/** Records the copy of a caller's seed into a layer's gradient. @throws InputError when its shape is another. */
export function copySeed(encoder: GPUCommandEncoder, { layer, seed }: Seed, dy: Tensor): void {
  if (formatShape(seed.shape) !== formatShape(dy.shape)) {
    throw new InputError(
      `backward from "${layer}": expected a seed of shape ${formatShape(dy.shape)}, got ${formatShape(seed.shape)}`,
    );
  }
  if (seed.buffer !== dy.buffer)
    encoder.copyBufferToBuffer(seed.buffer, 0, dy.buffer, 0, sizeOf(dy.shape) * 4);
}

/** A target as seed.wgsl reads it: (n, y, x, c). @throws InputError when it lies outside the layer. */
export function targetIndices(target: Target, shape: Shape): number[] {
  assertTarget(target);
  const { layer, image, y, x, channel } = target;
  const [n, h, w, c] = asNhwc(shape);
  const index = (name: string, value: number | undefined, size: number): number => {
    if (value === undefined) return EVERY;
    if (!Number.isInteger(value) || value < 0 || value >= size) {
      throw new InputError(`target in layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`);
    }
    return value;
  };
  return [index("image", image, n), index("y", y, h), index("x", x, w), index("channel", channel, c)];
}

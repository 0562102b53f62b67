import shader from "../../shaders/fooling_step.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

export interface FoolingStepSite {
  /** [N, …], gradient of the probabilities. */
  readonly g: Tensor;
  /** [N], the probabilities. */
  readonly values: Tensor;
  /** [N, …], what images fall back to. */
  readonly home: Tensor;
  /** [N, …], pixels of 0…1. */
  readonly x: Tensor;
  /** What a step should add to a probability, at most; and at most so much of what it lacks. */
  readonly progress: number;
  readonly share: number;
  /** Share of the way home that each step takes. */
  readonly decay: number;
  /** Longest step, as a Euclidean norm. */
  readonly most: number;
}

/** Makes a step towards a class ready to record; see fooling_step.wgsl. */
export function createFoolingStep(
  device: GPUDevice,
  { g, values, home, x, ...numbers }: FoolingStepSite,
): Promise<Command> {
  const images = values.shape[0] ?? 1;
  return createDispatch(device, shader, {
    params: { size: sizeOf(x.shape) / images, ...numbers },
    bindings: { g, values, home, x },
    workgroups: [images],
  });
}

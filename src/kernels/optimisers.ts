import adamShader from "../../shaders/adam.wgsl";
import gradientShader from "../../shaders/gradient_step.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Moves `x` along the gradient `g`; see gradient_step.wgsl. */
export function createGradientStep(
  device: GPUDevice,
  { rate, ...bindings }: { readonly g: Tensor; readonly x: Tensor; readonly rate: number },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  return createDispatch(device, gradientShader, {
    params: { size, rate },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** A step of Adam; see adam.wgsl. */
export function createAdamStep(
  device: GPUDevice,
  {
    rate,
    betas,
    epsilon,
    ...bindings
  }: {
    readonly g: Tensor;
    /** [1], u32 */
    readonly step: Tensor;
    readonly m: Tensor;
    readonly v: Tensor;
    readonly x: Tensor;
    readonly rate: number;
    readonly betas: readonly [number, number];
    readonly epsilon: number;
  },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  const [beta1, beta2] = betas;
  const rests = { rest1: 1 - beta1, rest2: 1 - beta2 };
  // ln 0 is as good as any that makes β^t vanish.
  const logs = { log1: Math.log(Math.max(beta1, 1e-30)), log2: Math.log(Math.max(beta2, 1e-30)) };
  return createDispatch(device, adamShader, {
    params: { size, rate, ...rests, ...logs, epsilon },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

import adamShader from "../../shaders/adam.wgsl";
import gradientShader from "../../shaders/gradient_step.wgsl";
import langevinShader from "../../shaders/langevin_step.wgsl";
import momentumShader from "../../shaders/momentum_step.wgsl";
import { type Command, sequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { build } from "../gpu/scope.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { createDistance } from "./terms.ts";

/** What every step reads and moves. */
interface StepSite {
  /** [images, P]: gradient. */
  readonly g: Tensor;
  /** [1], u32: number of the step. */
  readonly step: Tensor;
  /** One rate a step; the last one goes on. */
  readonly rates: Tensor;
  /** [images, P]: parameters. */
  readonly x: Tensor;
}

/** The measure of a gradient by which a step along it is divided, or "sign": its signs alone. */
export type StepMeasure = "none" | "mean" | "norm" | "progress" | "sign";

const MEASURES = { none: 0, mean: 1, norm: 2, progress: 3, sign: 4 } as const;

/** The largest f32. */
const LARGEST = 3.4028234e38;

/** Moves `x` along the gradient `g`; see gradient_step.wgsl. */
export function createGradientStep(
  device: GPUDevice,
  { measure, most, ...bindings }: StepSite & { readonly measure: StepMeasure; readonly most: number },
): Promise<Command> {
  const { g, x } = bindings;
  const [images = 1, size = 1] = x.shape;
  return build(device, "gradient step", async ({ tensor, command }) => {
    const norms = tensor([images], { label: "gradient norms" });
    const before: Command[] = [];
    if (measure !== "none" && measure !== "sign") {
      const r = tensor([1], { label: "zero" });
      const site = { x: g, r, alpha: measure === "mean" ? 1 : 2, values: norms };
      before.push(await command(createDistance(device, { ...site, weight: 1, accumulate: false })));
    }
    const move = await command(
      createDispatch(device, gradientShader, {
        constants: { MEASURE: MEASURES[measure] },
        params: { images, size, most: Math.min(most, LARGEST) },
        bindings: { ...bindings, norms },
        workgroups: gridOf(Math.ceil(sizeOf(x.shape) / 256)),
      }),
    );
    return sequence([...before, move]);
  });
}

/** A step of Langevin dynamics; see langevin_step.wgsl. */
export function createLangevinStep(
  device: GPUDevice,
  site: StepSite & {
    /** [images], u32 */
    readonly numbers: Tensor;
    readonly seed: number;
    readonly temperature: number;
    /** Standard deviation of the prior. */
    readonly sd: number;
  },
): Promise<Command> {
  const { numbers, seed, temperature, sd, ...bindings } = site;
  const [images = 1, size = 1] = bindings.x.shape;
  return createDispatch(device, langevinShader, {
    params: { total: images * size, size, seed, coldness: 1 / temperature, tightness: 1 / sd ** 2 },
    bindings: { ...bindings, numbers },
    workgroups: gridOf(Math.ceil((images * size) / 256)),
  });
}

/** A step with momentum; see momentum_step.wgsl. */
export function createMomentumStep(
  device: GPUDevice,
  {
    decay,
    reset,
    ...bindings
  }: StepSite & { readonly m: Tensor; readonly decay: number; readonly reset: boolean },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  return createDispatch(device, momentumShader, {
    constants: { RESET: Number(reset) },
    params: { size, decay },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** A step of Adam, or of NAdam; see adam.wgsl. */
export function createAdamStep(
  device: GPUDevice,
  {
    betas: [beta1, beta2],
    epsilon,
    nesterov,
    ...bindings
  }: StepSite & {
    readonly m: Tensor;
    readonly v: Tensor;
    /** The product of all μ of NAdam up to each step. */
    readonly products: Tensor;
    readonly betas: readonly [number, number];
    readonly epsilon: number;
    readonly nesterov: boolean;
  },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  const rests = { rest1: 1 - beta1, rest2: 1 - beta2 };
  // ln 0 is as good as any that makes β^t vanish.
  const logs = { log1: Math.log(Math.max(beta1, 1e-30)), log2: Math.log(Math.max(beta2, 1e-30)) };
  return createDispatch(device, adamShader, {
    constants: { NESTEROV: Number(nesterov) },
    params: { size, beta1, ...rests, ...logs, epsilon },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

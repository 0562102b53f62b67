import backwardShader from "../../shaders/activation_gradient.wgsl";
import zeroGradientShader from "../../shaders/zero_gradient_mask.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activationFacts, gradientCode } from "./activation-kinds.ts";

/**
 * Rule by which a signal passes a ReLU of z backward:
 * - "gradient": where z > 0 (Simonyan et al. 2013);
 * - "guided": where z > 0 and the signal is positive (Springenberg et al. 2014);
 * - "deconvnet": where the signal is positive (Zeiler & Fergus 2013);
 * - "redirected" (Lucid, 2018): as "gradient", except in an image of which that lets nothing pass at this layer; there
 *   where z > 0 or the signal is positive. It starts an ascent of a unit that does not fire yet; Lucid uses it for the
 *   first 16 steps. The signal must be the gradient of what is to grow.
 *
 * For ReLU6, z > 0 reads 0 < z < 6, and "redirected" also lets a negative signal pass where z ≥ 6. A clip from 0 is a
 * ReLU6 with another ceiling.
 */
export type BackwardRule = "gradient" | "guided" | "deconvnet" | "redirected";

/** Codes of the backward rules in WGSL (`rules`). */
export const RULE_CODES: Readonly<Record<BackwardRule, number>> = {
  gradient: 0,
  guided: 1,
  deconvnet: 2,
  redirected: 3,
};

/** Code in place of a rule's that leaves the signal as it is. */
export const PASS = 4;

/**
 * The rules other than the gradient are defined at ReLUs only.
 * @throws UnsupportedError naming the layer when the rule is not defined for its activation.
 */
export function assertRule(rule: BackwardRule, activation: Activation, layer: string): void {
  if (!activationFacts(activation).rules) assertGradient(rule, activation.kind, layer);
}

/** @throws UnsupportedError naming the layer when the rule is another than the gradient, which alone is defined for its kind. */
export function assertGradient(rule: BackwardRule, kind: string, layer: string): void {
  if (rule === "gradient") return;
  throw new UnsupportedError(
    `backward rule "${rule}": expected ReLU, ReLU6 or a clip from 0, got ${kind} at layer "${layer}"; use the rule "gradient"`,
  );
}

export interface ActivationGradientSite {
  readonly activation: Activation;
  /** The activation's output; its input where the slope does not follow from the output (no `FusedActivation`). */
  readonly a: Tensor;
  /** Tensor of a's shape, as dx is; the first axis, where there are two, counts images. */
  readonly dy: Tensor;
  readonly dx: Tensor;
  /** A storage buffer with the rule's code, u32: 0 gradient, 1 guided, 2 deconvnet, 3 redirected, 4 pass. */
  readonly rule: GPUBuffer;
  /** The place of the code in `rule`. Default 0. */
  readonly slot?: number | undefined;
  /** `[images]`: where `createZeroGradientMask` was recorded before. Left out, the command looks by itself. */
  readonly zeroGradient?: Tensor<"u32"> | undefined;
  readonly accumulate?: boolean | undefined;
  readonly label?: string | undefined;
}

const ACTIVATION_GRADIENT_SITE: Fields<ActivationGradientSite> = {
  ...{ activation: "must", a: "must", dy: "must", dx: "must", rule: "must" },
  ...{ slot: "may", zeroGradient: "may", accumulate: [true, false], label: "may" },
};

/** Passes a signal back through an activation by the rule whose code `rule` holds, or adds it to what dx holds. */
export async function createActivationGradient(
  device: GPUDevice,
  site: ActivationGradientSite,
): Promise<Command> {
  assertFields("activation gradient", site, ACTIVATION_GRADIENT_SITE);
  const { activation, a, label = activation.kind } = site;
  if (site.zeroGradient || !activationFacts(activation).stops) {
    return createSteps(device, label, () => [activationGradientStep(site)]);
  }
  return createSteps(device, label, (scratch) => {
    const zeroGradient = scratch([imagesOf(a.shape)], "zero-gradient mask", { dtype: "u32" });
    return [
      zeroGradientMaskStep({ ...site, zeroGradient }),
      activationGradientStep({ ...site, zeroGradient }),
    ];
  });
}

/** Inputs and output of `createZeroGradientMask`. */
export type ZeroGradientMaskSite = Omit<ActivationGradientSite, "dx" | "accumulate"> & {
  /** [images] */
  readonly zeroGradient: Tensor<"u32">;
};

/** Finds the images of which the rule "gradient" lets nothing pass at a ReLU: what "redirected" needs to know. */
export function createZeroGradientMask(device: GPUDevice, site: ZeroGradientMaskSite): Promise<Command> {
  const { shader, ...options } = zeroGradientMaskStep(site);
  return createDispatch(device, shader, options);
}

/** The number of images that a tensor holds: its first axis, unless that is its only one. */
function imagesOf(shape: Shape): number {
  return shape.length > 1 ? (shape[0] ?? 1) : 1;
}

/** The dispatch of the backward pass, once `zeroGradient` is known. */
export function activationGradientStep(site: ActivationGradientSite): Step {
  const { activation, a, dy, dx, rule, slot = 0, zeroGradient = rule, accumulate = false, label } = site;
  const { constants, alpha } = gradientCode(activation);
  const image = sizeOf(a.shape) / imagesOf(a.shape);
  const { width, value } = elementwise(image);
  const size = sizeOf(a.shape) / width;
  return {
    shader: backwardShader,
    label,
    constants,
    redeclare: { Value: value },
    params: { size, image: image / width, slot, accumulate: Number(accumulate), alpha },
    bindings: { rules: rule, zeroGradient, a, dy, dx },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}

function zeroGradientMaskStep({
  activation,
  a,
  dy,
  zeroGradient,
  rule,
  slot = 0,
  label,
}: ZeroGradientMaskSite): Step {
  const images = imagesOf(a.shape);
  const { ceiling } = activationFacts(activation);
  return {
    shader: zeroGradientShader,
    label,
    constants: Number.isFinite(ceiling) ? { CEILING: ceiling } : {},
    params: { images, image: sizeOf(a.shape) / images, slot },
    bindings: { rules: rule, a, dy, zeroGradient },
    workgroups: gridOf(images),
  };
}

/** The number of elements that one thread of an elementwise kernel takes, and their type. */
export function elementwise(count: number): { readonly width: 1 | 4; readonly value: string } {
  return count % 4 === 0 ? { width: 4, value: "vec4<f32>" } : { width: 1, value: "f32" };
}

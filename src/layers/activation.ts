import forwardShader from "../../shaders/activation.wgsl";
import backwardShader from "../../shaders/activation_gradient.wgsl";
import incrementalShader from "../../shaders/scale_incremental.wgsl";
import zeroGradientShader from "../../shaders/zero_gradient_mask.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { backProjectItself } from "./back-projection.ts";
import { chunkOf, itemGrid } from "./incremental.ts";
import {
  ALONE,
  type FusedGradient,
  type IncrementalSite,
  LAYER_FIELDS,
  type LayerBase,
  type NonNegative,
  type Op,
  onlyInput,
} from "./op.ts";
import { seesItself } from "./sight.ts";

/** The facts of a kind of activation, a(z). */
interface ActivationFacts {
  /** Its number in WGSL (`override ACTIVATION`). */
  readonly code: number;
  /** Its name for people. */
  readonly title: string;
  /** a(0) */
  readonly atZero: number;
  /** True if it is linear piece by piece. */
  readonly piecewise: boolean;
  /** a(c·z) = c·a(z) for every c > 0. */
  readonly homogeneous: boolean;
  /** The places where a(z) is known not to be negative; "inputs": where z is not. */
  readonly nonNegative: NonNegative;
  /** True if a(z) is z wherever it is not 0. */
  readonly passesOrStops: boolean;
  /** True if backward rules other than the gradient are defined for it. */
  readonly rules: boolean;
  /** True if its slope is 0 over a range, so that the rule "redirected" may differ from the gradient. */
  readonly stops: boolean;
  /** True if its output, as the factor of a product, gates the other. */
  readonly gate: boolean;
}

const PIECEWISE = { atZero: 0, piecewise: true, gate: false } as const;
const CURVED = {
  ...{ piecewise: false, homogeneous: false, passesOrStops: false },
  ...{ rules: false, stops: false },
} as const;

const ACTIVATIONS = {
  linear: {
    ...PIECEWISE,
    code: 0,
    title: "",
    stops: false,
    homogeneous: true,
    nonNegative: "inputs",
    passesOrStops: true,
    rules: true,
  },
  relu: {
    ...PIECEWISE,
    code: 1,
    title: "ReLU",
    stops: true,
    homogeneous: true,
    nonNegative: "always",
    passesOrStops: true,
    rules: true,
  },
  relu6: {
    ...PIECEWISE,
    code: 2,
    title: "ReLU6",
    stops: true,
    homogeneous: false,
    nonNegative: "always",
    passesOrStops: false,
    rules: true,
  },
  leakyRelu: {
    ...PIECEWISE,
    code: 3,
    title: "leaky ReLU",
    stops: false,
    homogeneous: true,
    nonNegative: "inputs",
    passesOrStops: false,
    rules: false,
  },
  sigmoid: { ...CURVED, code: 4, title: "sigmoid", atZero: 0.5, nonNegative: "always", gate: true },
  tanh: { ...CURVED, code: 5, title: "tanh", atZero: 0, nonNegative: "inputs", gate: false },
  swish: { ...CURVED, code: 6, title: "swish", atZero: 0, nonNegative: "inputs", gate: false },
} as const satisfies Record<string, ActivationFacts>;

export type ActivationKind = keyof typeof ACTIVATIONS;

/** The facts of an activation; none is linear. */
export function activationFacts(activation: Activation | undefined): ActivationFacts {
  return ACTIVATIONS[activation?.kind ?? "linear"];
}

/** An elementwise non-linearity; `alpha` is the slope of leaky ReLU below zero. */
export interface Activation {
  readonly kind: ActivationKind;
  readonly alpha?: number;
}

/** Activations whose slope follows from their output, so that they may be fused into the layer before. */
export type FusedActivation = Activation & { readonly kind: Exclude<ActivationKind, "swish"> };

/** Tells whether an activation may be fused into the layer before. */
export function isFusable(activation: Activation): activation is FusedActivation {
  return activation.kind !== "swish";
}

export interface ActivationLayer extends LayerBase {
  readonly op: "activation";
  readonly activation: Activation;
}

/**
 * Rule by which a signal passes a ReLU of z backward:
 * - "gradient": where z > 0 (Simonyan et al. 2013);
 * - "guided": where z > 0 and the signal is positive (Springenberg et al. 2014);
 * - "deconvnet": where the signal is positive (Zeiler & Fergus 2013);
 * - "redirected" (Lucid, 2018): as "gradient", except in an image of which that lets nothing pass at this layer; there
 *   where z > 0 or the signal is positive. It starts an ascent of a unit that does not fire yet; Lucid uses it for the
 *   first 16 steps. The signal must be the gradient of what is to grow.
 *
 * For ReLU6, z > 0 reads 0 < z < 6, and "redirected" also lets a negative signal pass where z ≥ 6.
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

/** `override ACTIVATION` and `params.alpha` of a kernel that applies an activation; none means linear. */
export function activationCode(activation: Activation | undefined): { code: number; alpha: number } {
  return { code: activationFacts(activation).code, alpha: activation?.alpha ?? 0 };
}

/**
 * The rules other than the gradient are defined at ReLUs only.
 * @throws UnsupportedError naming the layer when the rule is not defined for its activation.
 */
export function assertRule(rule: BackwardRule, activation: Activation, layer: string): void {
  if (rule !== "gradient" && !activationFacts(activation).rules) {
    throw new UnsupportedError(
      `backward rule "${rule}": expected ReLU or ReLU6, got ${activation.kind} at layer "${layer}"; use the rule "gradient"`,
    );
  }
}

/** `override GRADIENT_OF` and parameters of a kernel with which the gradient of an activation is fused, or of none. */
export function fusedGradientCode(fused: FusedGradient | undefined): {
  readonly GRADIENT_OF: number;
  readonly alpha: number;
  readonly slot: number;
} {
  return { GRADIENT_OF: fused?.code ?? 0, alpha: fused?.alpha ?? 0, slot: fused?.slot ?? 0 };
}

export interface ActivationGradientSite {
  readonly activation: Activation;
  /** The activation's output; for swish, its input. */
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
  const { code, alpha } = activationCode(activation);
  const image = sizeOf(a.shape) / imagesOf(a.shape);
  const { width, value } = elementwise(image);
  const size = sizeOf(a.shape) / width;
  return {
    shader: backwardShader,
    label,
    constants: { GRADIENT_OF: code },
    redeclare: { Value: value },
    params: { size, image: image / width, slot, accumulate: Number(accumulate), alpha },
    bindings: { rules: rule, zeroGradient, a, dy, dx },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}

/** The number of elements that one thread of an elementwise kernel takes, and their type. */
export function elementwise(count: number): { readonly width: 1 | 4; readonly value: string } {
  return count % 4 === 0 ? { width: 4, value: "vec4<f32>" } : { width: 1, value: "f32" };
}

/** The dispatch of y = activation(x). */
export function activationStep(
  activation: Activation,
  { x, y, label }: { readonly x: Tensor; readonly y: Tensor; readonly label?: string | undefined },
): Step {
  const { code, alpha } = activationCode(activation);
  const { width, value } = elementwise(sizeOf(y.shape));
  const size = sizeOf(y.shape) / width;
  return {
    shader: forwardShader,
    label,
    constants: { ACTIVATION: code },
    redeclare: { Value: value },
    params: { size, alpha },
    bindings: { x, y },
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
  return {
    shader: zeroGradientShader,
    label,
    constants: activation.kind === "relu6" ? { CEILING: 6 } : {},
    params: { images, image: sizeOf(a.shape) / images, slot },
    bindings: { rules: rule, a, dy, zeroGradient },
    workgroups: gridOf(images),
  };
}

/** Runs an elementwise layer incrementally: batch norm (with the constants `scale` and `offset`) or an activation. */
export function createIncrementalScale(
  device: GPUDevice,
  {
    layer,
    x: [x],
    y,
    constants: { scale, offset },
    dirty,
  }: IncrementalSite<LayerBase & { readonly activation?: Activation | undefined }>,
): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const chunk = chunkOf(channels);
  const { code, alpha } = activationCode(layer.activation);
  return createDispatch(device, incrementalShader, {
    label: layer.name,
    constants: { SCALE: Number(scale !== undefined), ACTIVATION: code },
    redeclare: { Chunk: chunk.type },
    params: {
      start: (height * width * channels) / chunk.size,
      count: y.layout.count,
      channels: channels / chunk.size,
      alpha,
    },
    bindings: {
      x: x.buffer,
      scale: scale ?? x.buffer,
      offset: offset ?? x.buffer,
      rects: dirty.rects,
      y: y.buffer,
    },
    workgroups: itemGrid(y, channels / chunk.size),
  });
}

export const activation: Op<ActivationLayer> = {
  fields: { ...LAYER_FIELDS, activation: "must" },
  describe: ({ activation }) => activationFacts(activation).title || "activation",
  shape: (layer, x) => onlyInput(layer, x),
  view: false,

  forward(device, { layer, x: [x], y }) {
    const { shader, ...options } = activationStep(layer.activation, { x, y, label: layer.name });
    return createDispatch(device, shader, options);
  },

  backward(device, { layer, x: [x], y, dy, dx, rule, slot = 0, zeroGradient, accumulate }) {
    const a = layer.activation.kind === "swish" ? x : y;
    return createActivationGradient(device, {
      activation: layer.activation,
      a,
      dy,
      dx,
      rule,
      slot,
      zeroGradient,
      accumulate,
      label: layer.name,
    });
  },

  incremental: { kind: "rectangles", fits: () => true, create: createIncrementalScale },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: true,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "kept",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: { ...ALONE, as: () => ({ kind: "activation" }) },
  relevance: { propagation: () => ({ by: "unchanged" }), gate: false },
  backProject: (_, site) => backProjectItself(site),
};

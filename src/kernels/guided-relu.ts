import maskShader from "../../shaders/relu_mask.wgsl";
import maskedShader from "../../shaders/relu_mask_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Plan } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationStep } from "../layers/activation.ts";
import {
  activationGradientStep,
  createActivationGradient,
  elementwise,
} from "../layers/activation-gradient.ts";
import type { FusedActivation } from "../layers/activation-kinds.ts";

const RELU: FusedActivation = { kind: "relu" };

export interface ReluSite {
  readonly x: Tensor;
  /** Tensor of x's shape. */
  readonly y: Tensor;
  /** {@link reluMaskShape}: gets a bit for each element that says where x > 0. */
  readonly mask?: Tensor<"u32"> | undefined;
}

const RELU_SITE: Fields<ReluSite> = { x: "must", y: "must", mask: "may" };

/** The backward pass of a ReLU; dy and dx have its shape. */
export type ReluGradientSite = {
  readonly dy: Tensor;
  readonly dx: Tensor;
  /** A storage buffer with the rule's code, u32; see `createActivationGradient`. */
  readonly rule: GPUBuffer;
} & (
  | {
      /** The ReLU's output. */
      readonly a: Tensor;
    }
  | {
      /** The mask that {@link createRelu} wrote: 1/32 of the output. With it the rule "redirected" equals "gradient". */
      readonly mask: Tensor<"u32">;
    }
);

/** Shape of a ReLU's mask: a bit an element, in words of 32. */
export function reluMaskShape(shape: Shape): Shape {
  return [Math.ceil(sizeOf(shape) / 32)];
}

/**
 * Makes y = max(x, 0) ready to record, and the mask that its backward pass needs, if there is one to be written.
 * @throws InputError when the shapes do not fit.
 */
export async function createRelu(device: GPUDevice, site: ReluSite): Promise<Command> {
  assertFields("relu", site, RELU_SITE);
  return createSteps(device, "relu", planRelu(site));
}

/**
 * Makes a signal's backward pass through a ReLU ready to record, from the ReLU's output or from its mask.
 * @throws InputError when the shapes do not fit.
 */
export async function createReluGradient(device: GPUDevice, site: ReluGradientSite): Promise<Command> {
  assertFields("relu gradient", site, {
    ...{ dy: "must", dx: "must", rule: "must" },
    ...("a" in site ? { a: "must" } : { mask: "must" }),
  });
  if (!("a" in site)) return createSteps(device, "relu gradient", planReluGradient(site));
  const { a, dy, dx } = site;
  expectAlike("relu gradient", { a, dy, dx });
  return createActivationGradient(device, { activation: RELU, ...site });
}

/** The dispatch of {@link createRelu}. */
export function planRelu({ x, y, mask }: ReluSite): Plan {
  return () => {
    expectAlike("relu", { x, y });
    const size = sizeOf(x.shape);
    if (!mask) return [activationStep(RELU, { x, y })];
    expectMask("relu", mask, x.shape);
    const { width, value } = elementwise(size);
    return [
      {
        shader: maskShader,
        redeclare: { Value: value, WIDTH: `${width}u` },
        params: { size: size / width, words: sizeOf(mask.shape) },
        bindings: { x, y, mask },
        workgroups: gridOf(Math.ceil(size / width / 256)),
      },
    ];
  };
}

/** The dispatch of a signal's backward pass through a ReLU by "gradient", "guided" or "deconvnet". */
export function planReluGradient(site: ReluGradientSite): Plan {
  return () => {
    const { dy, dx, rule } = site;
    const size = sizeOf(dy.shape);
    if ("a" in site) return [activationGradientStep({ ...site, activation: RELU })];
    expectAlike("relu gradient", { dy, dx });
    expectMask("relu gradient", site.mask, dy.shape);
    const { width, value } = elementwise(size);
    return [
      {
        shader: maskedShader,
        redeclare: {
          Value: value,
          Bits: value.replace("f32", "u32"),
          WIDTH: `${width}u`,
          ...(width === 1 ? { EACH: "1u" } : {}),
        },
        params: { size: size / width, slot: 0 },
        bindings: { rules: rule, mask: site.mask, dy, dx },
        workgroups: gridOf(Math.ceil(size / width / 256)),
      },
    ];
  };
}

function expectMask(who: string, mask: Tensor, shape: Shape): void {
  const expected = formatShape(reluMaskShape(shape));
  if (formatShape(mask.shape) !== expected || mask.dtype !== "u32") {
    throw new InputError(
      `${who}: expected a mask of shape ${expected}, u32, got ${formatShape(mask.shape)}, ${mask.dtype}`,
    );
  }
}

function expectAlike(who: string, tensors: Readonly<Record<string, Tensor>>): void {
  const [[name = "", first] = [], ...others] = Object.entries(tensors);
  for (const [other, { shape }] of others) {
    if (first && formatShape(shape) !== formatShape(first.shape)) {
      throw new InputError(
        `${who}: expected ${other} of ${name}'s shape ${formatShape(first.shape)}, got ${formatShape(shape)}`,
      );
    }
  }
}
